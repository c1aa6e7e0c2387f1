"""What happens on the field, in metres and seconds from impact; knows no camera."""
