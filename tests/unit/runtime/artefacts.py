"""The artefacts of the bundle `every_runtime`."""

FLOAT, INT8, OPENVINO, NCNN = "model.onnx", "model.int8.onnx", "openvino/model.xml", "ncnn/model.param"
