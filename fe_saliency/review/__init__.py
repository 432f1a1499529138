"""Looking at records: the figure of one epoch, and the film of many."""

from fe_saliency.review.films import Film, film_of, write_films
from fe_saliency.review.sections import captions, map_column, sections

__all__ = ["Film", "captions", "film_of", "map_column", "sections", "write_films"]
