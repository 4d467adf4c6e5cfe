"""Write what is shipped: `python -m inference.training.cutout_net.export --weights best.pt --renders DIR --out DIR`.

Batch norms are folded into their convolutions; convolution weights are stored as int8 with one scale a filter and
turned back to float32 when the file is loaded (nothing else is quantised: activations stay float32). The result is
compared with the unquantised network on the validation scenes before it is written. ``weights.json`` beside the weights
holds their checksum and these figures.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from inference.engines.guided.engine import WITH_BOX, WITHOUT_BOX
from inference.training.cutout_net.losses import hard_iou
from inference.training.cutout_net.network import CutoutNet
from inference.training.cutout_net.train import tensors
from inference.training.cutout_net.views import Boxed, stacked, validation

INPUT, MASK, QUALITY = "picture", "mask", "quality"
_OPSET = 17
_WORTH_PACKING = 2048
_MOST_LOST_IOU = 0.003


class Shipped(nn.Module):
    """The network as the engine wants it: probabilities instead of logits, nothing that only training needs."""

    def __init__(self, net: CutoutNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        logits, _, judged = self.net(picture)
        return torch.sigmoid(logits), torch.sigmoid(judged)


def folded(net: CutoutNet) -> CutoutNet:
    """The same function without batch norms."""
    for module in net.modules():
        if isinstance(module, nn.Sequential):
            for index in range(len(module) - 1):
                if isinstance(module[index], nn.Conv2d) and isinstance(module[index + 1], nn.BatchNorm2d):
                    module[index] = nn.utils.fusion.fuse_conv_bn_eval(module[index], module[index + 1])
                    module[index + 1] = nn.Identity()
    return net


def exported(net: CutoutNet) -> Any:
    """An onnx ModelProto with free height and width."""
    stream = io.BytesIO()
    sides = {0: "pictures", 2: "height", 3: "width"}
    torch.onnx.export(
        Shipped(folded(net.eval())).eval(),
        (torch.zeros(1, 4, 96, 64),),
        stream,
        input_names=[INPUT],
        output_names=[MASK, QUALITY],
        dynamic_axes={INPUT: sides, MASK: sides, QUALITY: {0: "pictures"}},
        opset_version=_OPSET,
        dynamo=False,
    )
    return onnx.load_from_string(stream.getvalue())


def packed(model: Any) -> Any:
    """Weights of convolutions and matrices as int8 and a scale a filter; two nodes before each use turn them back."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    kept, nodes = [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim not in (2, 4) or values.size < _WORTH_PACKING:
            kept.append(tensor)
            continue
        # A convolution's filters lie along the first axis, those of a matrix on the right hand along the last.
        rest = (1, 2, 3) if values.ndim == 4 else (0,)
        scale = np.maximum(np.abs(values).max(rest, keepdims=True) / 127, 1e-12).astype(np.float32)
        small = np.rint(values / scale).astype(np.int8)
        kept.append(numpy_helper.from_array(small, f"{tensor.name}.int8"))
        kept.append(numpy_helper.from_array(scale, f"{tensor.name}.scale"))
        nodes.append(helper.make_node("Cast", [f"{tensor.name}.int8"], [f"{tensor.name}.wide"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [f"{tensor.name}.wide", f"{tensor.name}.scale"], [tensor.name]))
    nodes.extend(graph.node)
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    onnx.checker.check_model(result)
    return result


def overlap(model: Any, views: list[Boxed]) -> float:
    """Mean IoU of an ONNX model."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = []
    for view in views:
        picture, alpha = tensors(*stacked([view]))
        mask = torch.from_numpy(session.run([MASK], {INPUT: picture.contiguous().numpy()})[0])
        found.append(float(hard_iou(mask - 0.5, alpha)))
    return float(np.mean(found))


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--renders", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=384)
    arguments = parser.parse_args()
    net = CutoutNet()
    net.load_state_dict(torch.load(arguments.weights, weights_only=True))
    plain = exported(net)
    small = packed(plain)
    auto, with_box = validation(arguments.renders, arguments.size)
    figures: dict[str, Any] = {
        "auto": round(overlap(plain, auto), 4),
        "auto_int8": round(overlap(small, auto), 4),
        "box": round(overlap(plain, with_box), 4),
        "box_int8": round(overlap(small, with_box), 4),
    }
    if figures["auto"] - figures["auto_int8"] > _MOST_LOST_IOU:
        print(f"int8 loses too much: {figures}", file=sys.stderr)
        return 1
    data = small.SerializeToString()
    (arguments.out / "weights.onnx").write_bytes(data)
    figures |= {"working_px": arguments.size, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    # Nothing is trusted before `calibrate` has run.
    figures["confidence"] = {
        "auto": [-9.0, *[0.0] * 2],
        "box": [-9.0, 0.0],
        "guided_auto": [-9.0, *[0.0] * len(WITHOUT_BOX)],
        "guided_box": [-9.0, *[0.0] * len(WITH_BOX)],
    }
    (arguments.out / "weights.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
