"""The cases which ONNX generates for its own backends, played on the reference through an adapter.

Every case of an operator that the adapter knows stands in one of two lists, by name. So a new version of the
`onnx` package is noticed here first: its new cases are in neither.
"""

import numpy as np
import pytest

from reference import ShapeError

SUPPORTED = {
    "AveragePool": """
        test_averagepool_2d_precomputed_pads test_averagepool_2d_precomputed_pads_count_include_pad
        test_averagepool_2d_precomputed_strides test_averagepool_2d_precomputed_same_upper
        test_averagepool_1d_default test_averagepool_2d_default test_averagepool_2d_same_upper
        test_averagepool_2d_same_lower test_averagepool_2d_strides test_averagepool_2d_ceil
        test_averagepool_2d_ceil_last_window_starts_on_pad
    """,
    "BatchNormalization": """
        test_batchnorm_example test_batchnorm_epsilon test_batchnorm_example_training_mode
        test_batchnorm_epsilon_training_mode
    """,
    "Conv": """
        test_basic_conv_with_padding test_basic_conv_without_padding test_conv_with_strides_padding
        test_conv_with_strides_no_padding test_conv_with_strides_and_asymmetric_padding
        test_conv_with_autopad_same
    """,
    "ConvTranspose": """
        test_convtranspose test_convtranspose_1d test_convtranspose_output_shape
        test_convtranspose_pad test_convtranspose_kernel_shape test_convtranspose_pads
        test_convtranspose_dilations test_convtranspose_autopad_same test_convtranspose_group_2
        test_convtranspose_group_2_image_3
    """,
    "Dropout": """
        test_dropout_default test_dropout_default_ratio test_dropout_default_mask
        test_dropout_default_mask_ratio test_training_dropout_default
        test_training_dropout_default_mask test_training_dropout test_training_dropout_mask
        test_training_dropout_zero_ratio test_training_dropout_zero_ratio_mask
        test_dropout_default_old test_dropout_random_old
    """,
    "Flatten": """
        test_flatten_axis0 test_flatten_axis1 test_flatten_axis2 test_flatten_axis3
        test_flatten_default_axis test_flatten_negative_axis4 test_flatten_negative_axis3
        test_flatten_negative_axis2 test_flatten_negative_axis1
    """,
    "Gemm": """
        test_gemm_default_zero_bias test_gemm_default_no_bias test_gemm_default_scalar_bias
        test_gemm_default_single_elem_vector_bias test_gemm_default_vector_bias test_gemm_transposeA
        test_gemm_transposeB test_gemm_alpha test_gemm_beta test_gemm_all_attributes
    """,
    "GlobalAveragePool": """
        test_globalaveragepool test_globalaveragepool_precomputed
    """,
    "LeakyRelu": """
        test_leakyrelu_example test_leakyrelu test_leakyrelu_default
    """,
    "LogSoftmax": """
        test_logsoftmax_example_1 test_logsoftmax_large_number test_logsoftmax_axis_0
        test_logsoftmax_axis_1 test_logsoftmax_axis_2 test_logsoftmax_negative_axis
        test_logsoftmax_default_axis
    """,
    "MaxPool": """
        test_maxpool_2d_uint8 test_maxpool_2d_precomputed_pads
        test_maxpool_with_argmax_2d_precomputed_pads test_maxpool_2d_precomputed_strides
        test_maxpool_with_argmax_2d_precomputed_strides test_maxpool_2d_precomputed_same_upper
        test_maxpool_1d_default test_maxpool_2d_default test_maxpool_2d_same_upper
        test_maxpool_2d_same_lower test_maxpool_2d_strides test_maxpool_2d_ceil
        test_maxpool_2d_ceil_output_size_reduce_by_one test_maxpool_2d_dilations
    """,
    "MaxUnpool": """
        test_maxunpool_export_without_output_shape
    """,
    "NegativeLogLikelihoodLoss": """
        test_nllloss_NC test_nllloss_NCd1d2 test_nllloss_NCd1d2_reduction_mean
        test_nllloss_NCd1d2_reduction_sum test_nllloss_NCd1 test_nllloss_NCd1d2d3d4d5_none_no_weight
    """,
    "Relu": """
        test_relu
    """,
    "Sigmoid": """
        test_sigmoid_example test_sigmoid
    """,
    "Softmax": """
        test_softmax_example test_softmax_large_number test_softmax_axis_0 test_softmax_axis_1
        test_softmax_axis_2 test_softmax_negative_axis test_softmax_default_axis
    """,
    "SoftmaxCrossEntropyLoss": """
        test_sce_none test_sce_none_log_prob test_sce_sum test_sce_sum_log_prob test_sce_mean
        test_sce_mean_log_prob test_sce_mean_3d test_sce_mean_3d_log_prob
        test_sce_NCd1d2d3d4d5_none_no_weight test_sce_NCd1d2d3d4d5_none_no_weight_log_prob
    """,
    "Tanh": """
        test_tanh_example test_tanh
    """,
}
NAMES = [(kind, name) for kind, names in SUPPORTED.items() for name in names.split()]

ROUNDED = {"test_averagepool_2d_ceil_last_window_starts_on_pad"}
"""Expected values typed in with four digits."""


def takes_weights(node):
    return len(node.inputs) == 3


def ignores_a_label(node):
    return "ignore_index" in node.attributes


def has_three_axes(node):
    return node.inputs[0].ndim == 5


def is_dilated(node):
    return "dilations" in node.attributes


def has_a_bias_per_example(node):
    return len(node.inputs[2]) > 1


def gives_a_size(node):
    return len(node.inputs) == 3


def pads_more_than_half_the_window(node):
    return 2 * max(node.attributes["pads"]) > max(node.attributes["kernel_shape"])


UNSUPPORTED = [
    (
        "class weights are not part of the course's losses",
        takes_weights,
        """
        test_nllloss_NCd1d2_with_weight test_nllloss_NCd1d2_with_weight_reduction_mean
        test_nllloss_NCd1d2_with_weight_reduction_sum
        test_nllloss_NCd1d2_with_weight_reduction_sum_ii test_nllloss_NCd1_weight
        test_nllloss_NCd1_weight_ii test_nllloss_NCd1d2d3d4d5_mean_weight
        test_nllloss_NCd1_mean_weight_negative_ii test_nllloss_NCd1d2d3_sum_weight_high_ii
        test_sce_none_weights test_sce_none_weights_log_prob test_sce_mean_weight
        test_sce_mean_weight_log_prob test_sce_mean_weight_ii test_sce_mean_weight_ii_log_prob
        test_sce_mean_weight_ii_3d test_sce_mean_weight_ii_3d_log_prob test_sce_mean_weight_ii_4d
        test_sce_mean_weight_ii_4d_log_prob test_sce_NCd1d2d3d4d5_mean_weight
        test_sce_NCd1d2d3d4d5_mean_weight_log_prob test_sce_NCd1_mean_weight_negative_ii
        test_sce_NCd1_mean_weight_negative_ii_log_prob test_sce_NCd1d2d3_sum_weight_high_ii
        test_sce_NCd1d2d3_sum_weight_high_ii_log_prob
        """,
    ),
    (
        "labels that do not count are not part of the course's losses; a label out of range is refused",
        ignores_a_label,
        """
        test_nllloss_NCd1d2_no_weight_reduction_mean_ii test_nllloss_NCd1_ii
        test_nllloss_NCd1d2d3_none_no_weight_negative_ii test_sce_mean_no_weight_ii
        test_sce_mean_no_weight_ii_log_prob test_sce_mean_no_weight_ii_3d
        test_sce_mean_no_weight_ii_3d_log_prob test_sce_mean_no_weight_ii_4d
        test_sce_mean_no_weight_ii_4d_log_prob test_sce_NCd1d2d3_none_no_weight_negative_ii
        test_sce_NCd1d2d3_none_no_weight_negative_ii_log_prob
        """,
    ),
    (
        "three spatial axes: the ops are for images (and signals, as images of one row)",
        has_three_axes,
        """
        test_averagepool_3d_default test_averagepool_3d_dilations_small
        test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True
        test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False
        test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True
        test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_False
        test_convtranspose_3d test_maxpool_3d_default test_maxpool_3d_dilations
        test_maxpool_3d_dilations_use_ref_impl test_maxpool_3d_dilations_use_ref_impl_large
        """,
    ),
    ("no library of the course dilates its mean pooling", is_dilated, "test_averagepool_2d_dilations"),
    (
        "the layer has one bias per output, not one per example",
        has_a_bias_per_example,
        "test_gemm_default_matrix_bias",
    ),
    (
        "indices count in the map that would follow without output_size, not in the one that was pooled (E43)",
        gives_a_size,
        "test_maxunpool_export_with_output_shape",
    ),
    (
        "padding of more than half the window is refused, as PyTorch does: a window could see nothing else",
        pads_more_than_half_the_window,
        """
        test_averagepool_2d_pads test_averagepool_2d_pads_count_include_pad test_maxpool_2d_pads
        """,
    ),
]
REASONS = [(name, reason, holds) for reason, holds, names in UNSUPPORTED for name in names.split()]


def call(op):
    return op


def definition(op):
    return op.definition


def test_every_case_is_listed_once(onnx_cases):
    listed = [name for _, name in NAMES] + [name for name, _, _ in REASONS]
    assert len(listed) == len(set(listed))
    new, gone = set(onnx_cases) - set(listed), set(listed) - set(onnx_cases)
    assert not new, "put these into SUPPORTED, or into UNSUPPORTED with a reason"
    assert not gone, "this version of onnx has these no longer"


def test_every_operator_has_cases(adapter):
    assert set(SUPPORTED) == set(adapter.ADAPTERS)


@pytest.mark.parametrize("way", [call, definition])
@pytest.mark.parametrize(("kind", "name"), NAMES, ids=[name for _, name in NAMES])
def test_case(adapter, onnx_cases, kind, name, way):
    case = onnx_cases[name]
    assert case.model.graph.node[0].op_type == kind
    rtol = case.rtol if name in ROUNDED else 1e-5
    for got, expected in adapter.play(case, way):
        assert got.shape == expected.shape
        if expected.dtype.kind == "f":  # whole numbers may come as floats of the same value
            assert got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=1e-6)


@pytest.mark.parametrize(("name", "reason", "holds"), REASONS, ids=[name for name, _, _ in REASONS])
def test_reason_holds(adapter, onnx_cases, name, reason, holds):
    assert all(holds(node) for node in adapter.nodes(onnx_cases[name])), reason


@pytest.mark.parametrize("name", UNSUPPORTED[-1][2].split())
def test_padding_beyond_half_the_window_is_refused(adapter, onnx_cases, name):
    with pytest.raises(ShapeError, match="more than half of the window"):
        adapter.play(onnx_cases[name], call)
