export {
  requireBoolean,
  requireObject,
  requireUnsigned,
  requireUnsignedArray,
  requireVersion,
  VdevStateError,
} from '@qvm/core';
