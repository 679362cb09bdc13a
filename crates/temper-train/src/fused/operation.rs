//! How an operation on the CPU with its own gradient becomes one that burn differentiates.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, DispatchDevice, Flex, GradientCheckpointingStrategy, TensorMetadata,
};
use burn::tensor::{Bytes, DType, Shape, Tensor, TensorData};

/// An operation of `N` inputs, on 32-bit floats in the computer's memory.
pub(super) trait Operation<const N: usize>: Clone + Debug + Send + 'static {
    /// What the gradient needs of a forward pass.
    type Saved: Clone + Debug + Send + 'static;

    /// The output, and what the gradient needs.
    fn forward(&self, inputs: [Array; N]) -> (Array, Self::Saved);

    /// The output where no gradient will be asked for.
    fn infer(&self, inputs: [Array; N]) -> Array {
        self.forward(inputs).0
    }

    /// The gradients by those inputs that need one, from that by the output.
    fn backward(&self, saved: Self::Saved, gradient: Array, needs: [bool; N])
    -> [Option<Array>; N];
}

/// Numbers in row-major order, cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Array(FlexTensor);

impl Array {
    pub(super) fn new(values: Vec<f32>, shape: impl Into<Shape>) -> Array {
        let bytes = Bytes::from_elems(values);
        Array(FlexTensor::from_data(TensorData::from_bytes(bytes, shape.into(), DType::F32)))
    }

    fn of(tensor: &FlexTensor) -> Array {
        Array(tensor.to_contiguous())
    }

    /// The numbers of a tensor on the CPU that no gradient is asked of.
    pub(super) fn constant<const D: usize>(tensor: Tensor<D>) -> Array {
        match Operand::from(tensor) {
            Operand::Constant(tensor) => Array::of(&tensor),
            Operand::Tracked(tensor) => Array::of(tensor.primitive()),
        }
    }

    pub(super) fn shape(&self) -> Shape {
        self.0.shape()
    }

    /// The numbers of the last dimension.
    pub(super) fn width(&self) -> usize {
        *self.0.shape().last().expect("no operation has a scalar for an input")
    }

    pub(super) fn values(&self) -> &[f32] {
        self.0.as_slice().expect("it was made contiguous")
    }

    /// All numbers times a factor, in place where nobody else has them.
    pub(super) fn scaled(mut self, factor: f32) -> Array {
        if factor != 1.0 {
            self.0.storage_mut::<f32>().iter_mut().for_each(|value| *value *= factor);
        }
        self
    }
}

/// A float tensor of whatever rank, with its place in the graph of gradients if it has one.
pub(super) enum Operand {
    Constant(FlexTensor),
    Tracked(FloatTensor<Autodiff<Flex>>),
}

impl<const D: usize> From<Tensor<D>> for Operand {
    fn from(tensor: Tensor<D>) -> Self {
        if tensor.device().is_autodiff() {
            Operand::Tracked(tensor.try_into_primitive::<Autodiff<Flex>>().expect(ON_CPU))
        } else {
            Operand::Constant(tensor.try_into_primitive::<Flex>().expect(ON_CPU))
        }
    }
}

const ON_CPU: &str = "an operation is applied to floats on the CPU alone";

/// Whether operations can be applied to it.
pub(crate) fn is_supported<const D: usize>(tensor: &Tensor<D>) -> bool {
    let device = tensor.device();
    let recomputes = Some(GradientCheckpointingStrategy::Balanced);
    tensor.dtype() == DType::F32
        && device.gradient_checkpointing_strategy() != recomputes
        && matches!(device.inner().as_dispatch(), DispatchDevice::Flex(_))
}

/// The output of an operation, as part of the graph of gradients if one of its inputs is.
pub(super) fn apply<O: Operation<N>, const N: usize, const D: usize>(
    operation: &O,
    operands: [Operand; N],
) -> Tensor<D> {
    let is_tracked = operands.iter().any(|operand| matches!(operand, Operand::Tracked(_)));
    if !is_tracked {
        let inputs = operands.map(|operand| match operand {
            Operand::Constant(tensor) => Array::of(&tensor),
            Operand::Tracked(_) => unreachable!("none is tracked"),
        });
        return Tensor::from_primitive::<Flex>(operation.infer(inputs).0);
    }
    let tensors = operands.map(|operand| match operand {
        Operand::Constant(tensor) => <Autodiff<Flex> as AutodiffBackend>::from_inner(tensor),
        Operand::Tracked(tensor) => tensor,
    });
    let inputs = tensors.each_ref().map(|tensor| Array::of(tensor.primitive()));
    let nodes = tensors.map(|tensor| tensor.node());
    let gradient = Gradient(operation.clone());
    let preparation = gradient.prepare::<NoCheckpointing>(nodes).compute_bound();
    let output = match preparation.stateful() {
        OpsKind::Tracked(preparation) => {
            let (output, saved) = operation.forward(inputs);
            preparation.finish(saved, output.0)
        }
        OpsKind::UnTracked(preparation) => preparation.finish(operation.infer(inputs).0),
    };
    Tensor::from_primitive::<Autodiff<Flex>>(output)
}

#[derive(Debug)]
struct Gradient<O>(O);

impl<O: Operation<N>, const N: usize> Backward<Flex, N> for Gradient<O> {
    type State = O::Saved;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = Array::of(&gradients.consume::<Flex>(&ops.node));
        let needs = ops.parents.each_ref().map(Option::is_some);
        let by_input = self.0.backward(ops.state, gradient, needs);
        for (parent, gradient) in ops.parents.iter().zip(by_input) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<Flex>(parent.id, gradient.0);
            }
        }
    }
}
