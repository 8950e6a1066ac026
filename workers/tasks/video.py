"""Analyse videos: points arrive while the video is read, so that the pages can show them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from avce.options import AnalyzeOptions
from avce.video.analyze import conclude
from avce.video.points import Summary
from avce.video.read import probe
from avce.video.segments import Segment, overlap_for, plan_segments
from workers.app import task
from workers.dispatch import dispatch
from workers.lifecycle import Claim
from workers.reporting import JobReporter
from workers.settings import get_settings
from workers.states import JobKind
from workers.store import analyses, jobs, segments, series
from workers.store.evaluations import band_of
from workers.store.plain import plain
from workers.store.runs import checkpoint_folder, checkpoint_of
from workers.store.session import reading, writing
from workers.store.tables import Analysis
from workers.store.videos import video_file
from workers.tasks.border import Outcome, nothing, perform
from workers.tasks.segments import SegmentWork, require_claim
from workers.tasks.sharing import Sharing


@task(JobKind.ANALYZE)
def analyze_video(job_id: str) -> None:
    """See a video with the runs of an analysis, decoding it once."""
    perform(job_id, _analyze)


@task(JobKind.SEGMENT)
def analyze_segments(job_id: str) -> None:
    """Help with an analysis: do segments of it until none is left."""
    perform(job_id, _help)


def _analyze(held: Claim, reporter: JobReporter) -> Outcome:
    analysis_id, work = held["analysis_id"], _work(held)
    plan, done, summary = _prepare(work)
    if done:
        reporter.log(f"{done} of {len(plan)} segments are done; going on at {plan[done - 1].stop_s:.1f} s")
    reporter.stage("analyze")
    if _share(held, plan[done:]):
        sharing = Sharing(work, held.job_id)
        sharing.wait(len(plan), reporter)
        sharing.join(plan[done:], summary, reporter)
    else:
        for segment in plan[done:]:
            work.run(segment, summary, reporter)
    conclude(work.path, work.options, summary, reporter)
    bands = {run: band.to_dict() for run, band in zip(work.run_ids, work.bands, strict=True) if band}
    values = plain(summary.to_dict() | {"bands": bands})
    with reading() as session:
        faces = series.packed(session, analysis_id)

    def write(session: Session) -> None:
        analysis = session.get_one(Analysis, analysis_id)
        analysis.summary = values
        analyses.write_tracks(session, analysis_id)
        series.store(session, analysis_id, faces)

    return Outcome(write)


def _help(held: Claim, reporter: JobReporter) -> Outcome:
    main_id = str(held.options["main"])
    with reading() as session:
        has_ended = jobs.require_job(session, main_id).state.is_final
        left = segments.unfinished(session, held["analysis_id"])
    if has_ended or not left:
        reporter.log("nothing is left to do")
    else:
        done = Sharing(_work(held), main_id).take_all(reporter)
        reporter.log(f"{done} segments done")
    return Outcome(lambda _: nothing())


def _work(held: Claim) -> SegmentWork:
    from avce.training.checkpoint import load_predictor

    with reading() as session:
        record = analyses.analysis_record(session, held["analysis_id"])
        path = video_file(session, record.video.id)
        folders = [checkpoint_folder(checkpoint_of(session, run_id)) for run_id in record.run_ids]
        bands = [band_of(session, run_id) for run_id in record.run_ids]
    options = AnalyzeOptions.parse(record.options)
    predictors = [
        load_predictor(folder, runtime=options.runtime, device=options.device, precision=options.precision)
        for folder in folders
    ]
    for predictor, band in zip(predictors, bands, strict=True):
        predictor.info["band"] = band or predictor.info.get("band")
    return SegmentWork(held, path, options, record.run_ids, predictors)


def _prepare(work: SegmentWork) -> tuple[list[Segment], int, Summary]:
    """The plan, how much of it is done, and with what result; what an attempt left half done is removed."""
    analysis_id = work.held["analysis_id"]
    info = probe(work.path)
    with writing() as session:
        require_claim(session, work.held)
        workers = 1 + jobs.idle_workers(session, JobKind.SEGMENT, work.held.worker)
        overlap_s = overlap_for(info, work.options, work.predictors)
        plan = plan_segments(
            info, work.options, length_s=get_settings().segment_s, overlap_s=overlap_s, workers=workers
        )
        kept = segments.plan_of(session, analysis_id)
        if not kept:
            segments.add_plan(session, analysis_id, plan)
        done, summary = segments.progress_of(session, analysis_id)
        segments.drop_unfinished(session, analysis_id)
    return kept or plan, done, summary


def _share(held: Claim, left: list[Segment]) -> bool:
    """Ask other workers for help, if there are any; returns whether segments are, or were, shared."""
    with writing() as session:
        require_claim(session, held)
        helpers = min(jobs.idle_workers(session, JobKind.SEGMENT, held.worker), len(left) - 1)
        if helpers < 1:
            return segments.is_shared(session, held["analysis_id"])
        title = jobs.require_job(session, held.job_id).title
        asked = [
            jobs.add_job(
                session,
                JobKind.SEGMENT,
                f"{title} (help)",
                options={"main": held.job_id},
                video_id=held.nouns["video_id"],
                analysis_id=held["analysis_id"],
            ).id
            for _ in range(helpers)
        ]
    dispatch(asked)
    return True
