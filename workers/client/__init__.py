"""The only door for the dashboard: submit, cancel, retry, list, read.

Each function opens its own short session, returns frozen records or tables, and raises
:class:`workers.errors.ClientError` with a text fit for users. Nothing here loads torch.
"""

from workers.client.counts import counts
from workers.client.datasets import (
    get_dataset,
    import_dataset,
    import_server_folder,
    list_datasets,
    store_upload,
    synthesize_dataset,
)
from workers.client.demo import start_demo
from workers.client.episodes import search_episodes
from workers.client.health import health, workers_status
from workers.client.inspections import get_inspection, inspect, inspection_jpeg, list_inspections
from workers.client.jobs import cancel_job, get_job, job_log, list_jobs, retry_job
from workers.client.labels import clear_labels, set_labels, video_labels
from workers.client.maps import draw_maps, map_colours, map_face, map_png, map_points, map_values, maps
from workers.client.posters import draw_poster, get_poster, list_posters, poster_path
from workers.client.remake import accept_findings, remake_dataset, server_entries, weak_labels
from workers.client.runs import (
    curves,
    evaluate,
    evaluation_predictions,
    get_checkpoint,
    get_evaluation,
    get_run,
    list_evaluations,
    list_models,
    list_runs,
    metric_points,
    model_card,
    published_results,
    run_methods,
    shipped_models,
    train,
)
from workers.client.samples import dataset_points, dataset_samples, finding_names, finding_pictures
from workers.client.tracks import (
    clear_neutral,
    exclude_track,
    merge_tracks,
    rename_track,
    reset_tracks,
    set_neutral,
    split_track,
    tracks,
)
from workers.client.videos import (
    add_video,
    analyze,
    ensemble,
    frame_jpeg,
    get_analysis,
    get_video,
    list_analyses,
    list_videos,
    trajectory,
    trajectory_csv,
    video_path,
)
from workers.errors import ClientError, NotFoundError

__all__ = [
    "ClientError",
    "NotFoundError",
    "accept_findings",
    "add_video",
    "analyze",
    "cancel_job",
    "clear_labels",
    "clear_neutral",
    "counts",
    "curves",
    "dataset_points",
    "dataset_samples",
    "draw_maps",
    "draw_poster",
    "ensemble",
    "evaluate",
    "evaluation_predictions",
    "exclude_track",
    "finding_names",
    "finding_pictures",
    "frame_jpeg",
    "get_analysis",
    "get_checkpoint",
    "get_dataset",
    "get_evaluation",
    "get_inspection",
    "get_job",
    "get_poster",
    "get_run",
    "get_video",
    "health",
    "import_dataset",
    "import_server_folder",
    "inspect",
    "inspection_jpeg",
    "job_log",
    "list_analyses",
    "list_datasets",
    "list_evaluations",
    "list_inspections",
    "list_jobs",
    "list_models",
    "list_posters",
    "list_runs",
    "list_videos",
    "map_colours",
    "map_face",
    "map_png",
    "map_points",
    "map_values",
    "maps",
    "merge_tracks",
    "metric_points",
    "model_card",
    "poster_path",
    "published_results",
    "remake_dataset",
    "rename_track",
    "reset_tracks",
    "retry_job",
    "run_methods",
    "search_episodes",
    "server_entries",
    "set_labels",
    "set_neutral",
    "shipped_models",
    "split_track",
    "start_demo",
    "store_upload",
    "synthesize_dataset",
    "tracks",
    "train",
    "trajectory",
    "trajectory_csv",
    "video_labels",
    "video_path",
    "weak_labels",
    "workers_status",
]
