"""slowpaths: cricket-stroke recognition from footage that has no labels.

Three stages meet at tables on disk: mining writes labelled clips, training reads them and writes predictions,
evaluation reads predictions. Importing the package is cheap; torch, cv2 and the decoders load where they are used.
"""

__version__ = "0.1.0"
