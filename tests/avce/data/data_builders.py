"""Data sets in their exact form on disk, written by the tests."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path

import av
import cv2
import numpy as np

from avce.faces.detect import Face


def picture(seed, size=64, suffix=".jpg", level=None):
    """A picture whose content depends on the seed only."""
    rng = np.random.default_rng(seed)
    small = rng.integers(30, 255, (6, 6, 3)).astype(np.uint8)
    image = (
        cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
        if level is None
        else np.full((size, size, 3), level, np.uint8)
    )
    return cv2.imencode(suffix, image)[1].tobytes()


def clip(path, levels, size=96):
    """A video of plain frames, one grey level each."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        for level in levels:
            frame = av.VideoFrame.from_ndarray(np.full((size, size, 3), level, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def clip_bytes(tmp_path, levels):
    path = tmp_path / "clip-being-made.mp4"
    clip(path, levels)
    data = path.read_bytes()
    path.unlink()
    return data


class LevelFaces:
    """No face in dark pictures, one in the middle of others, a smaller second one in very bright ones."""

    def detect(self, frame_rgb_u8):
        height, width = frame_rgb_u8.shape[:2]
        level = frame_rgb_u8.mean()
        if level < 40:
            return []
        faces = [Face((0.3 * width, 0.3 * height, 0.7 * width, 0.7 * height), 0.9)]
        if level > 220:
            faces.append(Face((0.0, 0.0, 0.2 * width, 0.2 * height), 0.95))
        return faces


def write(root: Path, files):
    """Files by name below a folder."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return root


def pack(path: Path, files):
    """The same files as a zip or a tar, by the ending."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path
    with tarfile.open(path, "w:gz" if path.suffix in {".gz", ".tgz"} else "w") as archive:
        for name, data in files.items():
            raw = data if isinstance(data, bytes) else data.encode()
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return path


def labels_csv(n, subjects=5, extra=""):
    """Valence and arousal over the plane, subjects in turn."""
    rng = np.random.default_rng(7)
    rows = ["image,subject,valence,arousal" + (",split" if extra else "")]
    for k in range(n):
        v, a = rng.uniform(-1, 1, 2)
        rows.append(f"images/{k:03}.jpg,s{k % subjects},{v:.4f},{a:.4f}" + (f",{extra}" if extra else ""))
    return "\n".join(rows) + "\n"


def generic(n=20, subjects=5):
    return {"labels.csv": labels_csv(n, subjects)} | {f"images/{k:03}.jpg": picture(k) for k in range(n)}


def affwild(tmp_path, nested="", levels=(128,) * 8):
    root = nested
    files = {f"{root}bboxs/train/001/0.pts": "box"}
    for number, n_valence, n_arousal in (("001", 8, 8), ("002", 6, 8), ("003", 8, 8)):
        files[f"{root}videos/train/{number}.mp4"] = clip_bytes(tmp_path, levels)
        files[f"{root}annotations/train/valence/{number}.txt"] = "".join(
            f"{k / 10:.4f}\r\n" for k in range(n_valence)
        )
        files[f"{root}annotations/train/arousal/{number}.txt"] = "".join(
            f"{-k / 10:.4f}\n" for k in range(n_arousal)
        )
    files[f"{root}videos/train/009.avi"] = clip_bytes(tmp_path, levels)
    return files


def affwild2():
    files = {}
    base = "Affwild2/annotations/VA_Estimation_Challenge"
    files[f"{base}/Train_Set/105.txt"] = "valence,arousal\n0.1,0.2\n-5,-5\n0.3,-0.4\n-5.0,-5.0\n0.5,0.6\n"
    files[f"{base}/Validation_Set/video_left.txt"] = "valence,arousal\n0,0\n0.25,-0.25\n"
    for number in (1, 3, 7):  # 5 is a gap, 7 lies beyond the last label
        files[f"Affwild2/cropped_aligned/105/{number:05}.jpg"] = picture(number, 112)
    for number in (1, 2):
        files[f"Affwild2/cropped_aligned/video_left/{number:05}.jpg"] = picture(40 + number, 112)
    files["Affwild2/annotations/EXPR_Classification_Challenge/Train_Set/105.txt"] = "Neutral,Anger\n1\n"
    return files


def afew_va(nested=False):
    landmarks = [[float(20 + k % 17), float(22 + k // 4)] for k in range(68)]
    files = {}
    for number, clip_name in enumerate(("001", "002", "003")):
        root = f"0{number}/{clip_name}" if nested else clip_name
        frames = {
            f"{k:05}": {"valence": float(k - 2), "arousal": 10 - k, "landmarks": landmarks} for k in range(3)
        }
        files[f"{root}/{clip_name}.json"] = json.dumps(
            {"video_id": clip_name, "actor": f"actor {number % 2}", "frames": frames}
        )
        files |= {f"{root}/{k:05}.png": picture(10 * number + k, 72, ".png") for k in range(3)}
    files["001_cropped/001_cropped/00000.png"] = picture(99, 72, ".png")
    return files


AFFECTNET_HEADER = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"
)


def affectnet():
    landmarks = ";".join(["12.5"] * 136)
    row = "{path},8,9,40,41,{landmarks},{expression},{v},{a}".format
    training = [
        AFFECTNET_HEADER,
        row(path="689/a.jpg", landmarks=landmarks, expression=1, v=0.78, a=0.1),
        row(path="689/b.jpg", landmarks=landmarks, expression=9, v=-2, a=-2),
        row(path="734/c.jpg", landmarks=landmarks, expression=6, v=-0.5, a=0.6),
        row(path="734/gone.jpg", landmarks=landmarks, expression=0, v=0, a=0),
    ]
    validation = [row(path="10/d.jpg", landmarks=landmarks, expression=3, v=0.2, a=0.7)]
    images = {
        f"Manually_Annotated_Images/{name}": picture(k, 96)
        for k, name in enumerate(("689/a.jpg", "689/b.jpg", "734/c.jpg", "10/d.jpg"))
    }
    return {
        "training.csv": "\n".join(training) + "\n",
        "validation.csv": "\n".join(validation) + "\n",
        **images,
    }


def npy(value):
    stream = io.BytesIO()
    np.save(stream, np.asarray(value))
    return stream.getvalue()


def affectnet_npy():
    files = {}
    for part, numbers in (("train_set", (0, 2, 10)), ("val_set", (5,))):
        for k in numbers:
            files[f"{part}/images/{k}.jpg"] = picture(k, 96)
            files[f"{part}/annotations/{k}_exp.npy"] = npy(str(k % 8))
            files[f"{part}/annotations/{k}_val.npy"] = npy("-2" if k == 2 else f"{k / 20}")  # numbers as text
            files[f"{part}/annotations/{k}_aro.npy"] = npy(-2.0 if k == 2 else -k / 20)
            files[f"{part}/annotations/{k}_lnd.npy"] = npy(np.zeros(136))
    return files


def omg(tmp_path, arousal=("0.5", "0.25")):
    data = clip_bytes(tmp_path, (128,) * 20)
    return {
        "omg_TrainVideos.csv": "link,start,end,video,utterance,arousal,valence,EmotionMaxVote\n"
        f"https://youtu.be/x,0.1,1.2,abc,utterance_1.mp4,{arousal[0]},-0.5,3\n"
        f"https://youtu.be/x,1.2,2.2,abc,utterance_2.mp4,{arousal[1]},0.5,4\n"
        "https://youtu.be/y,0,2,gone,utterance_1.mp4,0.1,0.5,4\n",
        "Train_Set/abc/utterance_1.mp4": data,
        "Train_Set/abc/utterance_2.mp4": data,
    }


def author_lists():
    files = {
        "training_list.csv": "subDirectory_filePath,valence,arousal\n/home/them/data/v1/0.jpg,0.1,0.2\n/home/them/data/v1/1.jpg,-2,-2\n/home/them/data/v2/0.jpg,0.3,-0.3\n",
        "validation_list.csv": "subDirectory_filePath,valence,arousal\nv3/0.jpg,-0.1,0.9\n",
    }
    return (
        files
        | {f"data/{name}": picture(k, 80) for k, name in enumerate(("v1/0.jpg", "v1/1.jpg", "v2/0.jpg"))}
        | {"v3/0.jpg": picture(9, 80)}
    )


def categories():
    names = ("1_Happy", "angry", "Neutral", "bored")
    return {
        f"train/{name}/{k}.png": picture(hash_of(name) + k, 48, ".png") for name in names for k in range(3)
    } | {f"test/Happy/{k}.png": picture(70 + k, 48, ".png") for k in range(2)}


def hash_of(name):
    return sum(name.encode()) * 10
