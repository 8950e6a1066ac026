"""Every page with data behind it."""

from __future__ import annotations

import pytest

from avce.options import AvceOptions, TrainOptions
from dashboard.components.option_sections import AVCE_SECTIONS, SECTIONS
from dashboard.components.run_form import MAIN
from dashboard.navigation import PAGES
from tests.dashboard.pages import checked, open_page, texts
from tests.dashboard.seeding import Seeded, seed_poster
from workers import client


@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_every_page_opens_without_an_error_of_its_own(seeded: Seeded, name: str) -> None:
    shown = {error.value for error in open_page(name).error}
    assert shown <= {"broken.zip: not a zip file"}  # the seeded job's own


def test_a_data_set_shows_counts_findings_and_samples(seeded: Seeded) -> None:
    app = open_page("datasets", dataset=seeded.dataset_id)
    assert {metric.label: metric.value for metric in app.metric}["Subjects"] == "20"
    assert "3 pictures without a face" in texts(app)
    assert "S09" in texts(app)


def test_the_address_chooses_the_run(seeded: Seeded) -> None:
    app = open_page("runs", run=seeded.run_ids[0])
    assert app.selectbox(key="runs.chosen").value == seeded.run_ids[0]
    assert {metric.label: metric.value for metric in app.metric}["Best epoch"] == "9"


def test_a_running_job_shows_how_far_it_is_and_what_is_left(seeded: Seeded) -> None:
    words = texts(open_page("jobs"))
    assert "1 min 23 s left" in words
    assert "after another job" in words


def test_the_log_opens_below_its_job(seeded: Seeded) -> None:
    app = open_page("jobs")
    checked(app.toggle(key=f"jobs.log.{seeded.running_job_id}").set_value(True).run())
    assert "Train Seeded caf: begun" in texts(app)


def test_cancel_reaches_the_running_job(seeded: Seeded) -> None:
    app = open_page("jobs")
    checked(app.button(key=f"jobs.cancel.{seeded.running_job_id}").click().run())
    assert client.get_job(seeded.running_job_id).cancel_requested


def test_only_the_chosen_states_of_jobs_are_listed(seeded: Seeded) -> None:
    app = open_page("jobs")
    checked(app.segmented_control(key="jobs.state").set_value("Failed").run())
    assert "Import broken.zip" in texts(app)
    assert "Train Seeded avce" not in texts(app)


def test_compare_marks_the_best_row_and_keeps_trivial_predictors_in_sight(seeded: Seeded) -> None:
    words = texts(open_page("compare"))
    assert "mean of the training labels" in words
    assert 'title="Undefined: the predictions do not vary.">–</td>' in words
    assert 'class="best"' in words
    assert "0.550 … 0.650" in words  # the interval of the better run's CCC
    assert "protocol" in " ".join(badge for badge in words.split("\n") if "concatenated" in badge)


def test_compare_shows_only_options_that_differ(seeded: Seeded) -> None:
    words = texts(open_page("compare", look="options"))
    assert '<td class="">method</td>' in words
    assert '<td class="">batch_size</td>' not in words


def test_an_unknown_id_in_the_address_opens_the_newest_instead(seeded: Seeded) -> None:
    app = open_page("video", analysis="nosuchthing")
    assert app.selectbox(key="video.analysis").value == seeded.analysis_id


def test_the_form_of_each_preset_gives_valid_options(seeded: Seeded) -> None:
    app = open_page("train")
    for preset in ("poster", "authors", "fine_tune", "smoke"):
        checked(app.selectbox(key="train.preset").set_value(preset).run())
        assert not app.error
        assert not app.button(key="train.start").disabled


def test_options_that_do_not_fit_are_refused_before_anything_is_queued(seeded: Seeded) -> None:
    app = open_page("train")
    checked(app.selectbox(key="train.quick.preset.pretrained").set_value("imagenet").run())
    assert "efficientnet_lite0" in app.error[0].value
    assert app.button(key="train.start").disabled


def test_every_option_of_a_training_stands_in_the_form_once() -> None:
    own = [name for section in SECTIONS for name in section.fields]
    inner = [name for section in AVCE_SECTIONS for name in section.fields]
    above = {*MAIN, "method", "backbone", "pretrained", "avce"}
    without_widget = {"betas"}
    assert sorted(own) == sorted(set(TrainOptions.model_fields) - above - without_widget)
    assert sorted(inner) == sorted(AvceOptions.model_fields)


def test_folded_options_are_built_when_opened_and_keep_their_values_when_folded_again(seeded: Seeded) -> None:
    app = open_page("train")
    key, fold = "train.quick.preset.dropout", "train.quick.preset.fold.feature_dim"
    assert key not in {field.key for field in app.number_input}
    app.session_state[fold] = True
    checked(app.run())
    checked(app.number_input(key=key).set_value(0.4).run())
    assert "Dropout **0.4** (was 0.2)" in texts(app)
    app.session_state[fold] = False
    checked(app.run())
    assert key not in {field.key for field in app.number_input}
    assert "Dropout **0.4** (was 0.2)" in texts(app)
    checked(app.button(key="train.start").click().run())
    assert client.list_runs()[0].options["dropout"] == 0.4


def test_a_training_can_start_from_a_run_of_ones_own(seeded: Seeded) -> None:
    app = open_page("train")
    checked(app.selectbox(key="train.preset").set_value("smoke").run())
    starts = app.selectbox(key="train.smoke.preset.pretrained")
    assert any(text.startswith("your run: Seeded avce") for text in starts.options)
    checked(starts.set_value(client.start_from(seeded.run_ids[1])).run())
    checked(app.button(key="train.start").click().run())
    queued = client.list_runs()[0]
    assert client.started_from(queued.options["pretrained"]) == seeded.run_ids[1]
    clone = open_page("train", like=queued.id)
    assert clone.selectbox(key=f"train.like.{queued.id}.pretrained").value == queued.options["pretrained"]


def test_runs_of_another_backbone_are_no_start(seeded: Seeded) -> None:
    app = open_page("train")
    checked(app.selectbox(key="train.preset").set_value("smoke").run())
    key = "train.smoke.preset.pretrained"
    checked(app.selectbox(key=key).set_value(client.start_from(seeded.run_ids[1])).run())
    checked(app.selectbox(key="train.smoke.preset.backbone").set_value("resnet18").run())
    assert app.selectbox(key=key).value == "none"
    assert not any("Seeded" in text for text in app.selectbox(key=key).options)


def test_training_is_queued_as_a_row_even_when_the_broker_is_away(seeded: Seeded) -> None:
    app = open_page("train")
    checked(app.selectbox(key="train.preset").set_value("smoke").run())
    app.text_input(key="train.name").set_value("from the form")
    checked(app.button(key="train.start").click().run())
    run = next(run for run in client.list_runs() if run.name == "from the form")
    assert run.backbone == "tiny"


def test_a_poster_figure_is_queued_with_the_frames_that_were_named(seeded: Seeded) -> None:
    app = open_page("video")
    app.text_input(key=f"poster.frames.{seeded.analysis_id}").set_value("14, 40")
    checked(app.button(key=f"poster.draw.{seeded.analysis_id}").click().run())
    poster = client.list_posters(seeded.analysis_id)[0]
    assert poster.options["poster"]["frames"] == [14, 40]
    assert set(poster.options["runs"]) == set(seeded.run_ids)
    assert app.button(key=f"poster.draw.{seeded.analysis_id}").disabled  # one at a time


def test_a_finished_poster_figure_is_shown_with_its_numbers_and_files(seeded: Seeded) -> None:
    poster_id = seed_poster(seeded)
    words = texts(open_page("video"))
    assert f"/export/poster/{poster_id}.png?show" in words
    for kind in ("svg", "pdf", "png", "zip"):
        assert f"(/export/poster/{poster_id}.{kind})" in words
    assert "valence highest" in words


def test_the_gallery_opens_in_every_view_and_says_what_is_missing(seeded: Seeded) -> None:
    app = open_page("maps")
    assert not app.info
    for view, words in (("heads", "only AVCE models have H"), ("features", "draw again"), ("difference", "")):
        checked(app.segmented_control(key="maps.view").set_value(view).run())
        assert words in texts(app)


def test_files_of_a_trajectory_hold_what_the_page_shows(seeded: Seeded) -> None:
    app = open_page("video")
    assert "as shown" not in texts(app)
    app.number_input(key=f"video.smooth.{seeded.analysis_id}").set_value(0.4).run()
    run = seeded.run_ids[1]
    assert f"/export/trajectory/{seeded.analysis_id}/{run}.csv)" in texts(app)
    for kind in ("csv", "parquet", "json"):
        assert f"/export/trajectory/{seeded.analysis_id}/{run}/full.{kind}?smooth_s=0.4)" in texts(app)


def test_an_annotated_video_can_be_asked_for_once_at_a_time(seeded: Seeded) -> None:
    app = open_page("video")
    key = f"annotated.draw.{seeded.analysis_id}"
    checked(app.button(key=key).click().run())
    job = client.list_overlays(seeded.analysis_id)[0]
    assert job.options["run"] in seeded.run_ids
    assert app.button(key=key).disabled
    client.cancel_job(job.id)


def test_a_click_on_an_event_brings_the_player_there(seeded: Seeded) -> None:
    app = open_page("video")
    app.session_state[f"video.more.{seeded.analysis_id}"] = "Events"
    checked(app.run())
    assert f"/export/events/{seeded.analysis_id}/" in texts(app)
    first = client.events(seeded.analysis_id).iloc[0]
    go = app.button(key=f"video.events.go.{seeded.analysis_id}.0")
    assert go.help == f"Frame {first['first_frame']:,}"
    checked(go.click().run())
    assert app.session_state[f"video.frame.{seeded.analysis_id}"] == first["first_frame"]


def test_maps_offer_every_nth_peaks_and_all_frames_and_say_how_many(seeded: Seeded) -> None:
    app = open_page("maps")
    counts = {}
    for which in ("every", "peaks", "all"):
        checked(app.segmented_control(key="maps.which").set_value(which).run())
        counts[which] = next(one.value for one in app.caption if " frames, from " in one.value)
        assert not app.button(key="maps.start").disabled
    assert len(set(counts.values())) == 3


def test_an_address_with_frames_shows_the_maps_of_those(seeded: Seeded) -> None:
    app = open_page("maps", analysis=seeded.analysis_id, frames="5,40,999")
    assert app.multiselect(key=f"maps.shown.{seeded.analysis_id}").value == [5, 40]


def test_the_preset_that_fine_tunes_starts_from_the_starter_model_and_shows_its_card(seeded: Seeded) -> None:
    app = open_page("train")
    assert app.selectbox(key="train.quick.preset.pretrained").options[0].startswith("starter")
    checked(app.selectbox(key="train.preset").set_value("fine_tune").run())
    assert app.selectbox(key="train.fine_tune.preset.pretrained").value == "starter"
    assert any("must not be used for" in item.label for item in app.expander)
