"""Looking at records: the figure of one epoch, and the film of many."""

from fe_saliency.review.figures import captions, sections
from fe_saliency.review.films import Film, figure_of, film_of, write_films
from fe_saliency.review.pictures import map_column

__all__ = ["Film", "captions", "figure_of", "film_of", "map_column", "sections", "write_films"]
