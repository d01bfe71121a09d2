"""Training, told to what tracks experiments: one file for each, behind the argument ``progress``."""

from downslope.tracking._mlflow import MLflow
from downslope.tracking._tensorboard import TensorBoard
from downslope.tracking._tracker import Tracker
from downslope.tracking._wandb import WandB

__all__ = ["MLflow", "TensorBoard", "Tracker", "WandB"]
