import { State } from '@qvm/isa-x86_64';
import { IMAGE_BYTES } from './float-values.js';

/** Offsets in an image of FXSAVE (SDM vol. 1, table 10-2). */
const [FCW, FSW, TAGS, OPCODE, INSTRUCTION, DATA, MXCSR, REGISTERS] = [0, 2, 4, 6, 8, 16, 24, 32];
const STRIDE = 16;
const REGISTER_BYTES = 10;

const topOf = (status: number): number => (status >> 11) & 7;

/** Sets x87 registers and MXCSR of a state. */
export function loadImage(state: DataView, image: Uint8Array): void {
  const view = new DataView(image.buffer, image.byteOffset);
  const status = view.getUint16(FSW, true);
  state.setUint32(State.fcw, view.getUint16(FCW, true), true);
  state.setUint32(State.fsw, status, true);
  state.setUint32(State.ftw, view.getUint8(TAGS), true);
  state.setUint32(State.fop, view.getUint16(OPCODE, true), true);
  state.setBigUint64(State.fip, view.getBigUint64(INSTRUCTION, true), true);
  state.setBigUint64(State.fdp, view.getBigUint64(DATA, true), true);
  state.setUint32(State.mxcsr, view.getUint32(MXCSR, true), true);
  state.setUint32(State.pendingSse, 0, true);
  state.setUint32(State.x87Trap, 0, true);
  for (let n = 0; n < 8; n++) {
    const to = State.x87 + ((topOf(status) + n) & 7) * STRIDE;
    for (let i = 0; i < STRIDE; i++)
      state.setUint8(to + i, i < REGISTER_BYTES ? view.getUint8(REGISTERS + n * STRIDE + i) : 0);
  }
}

/** The image of x87 registers and MXCSR in a state. */
export function imageOf(bytes: Uint8Array): Uint8Array {
  const state = new DataView(bytes.buffer, bytes.byteOffset);
  const image = new Uint8Array(IMAGE_BYTES);
  const view = new DataView(image.buffer);
  const status = state.getUint32(State.fsw, true);
  view.setUint16(FCW, state.getUint32(State.fcw, true), true);
  view.setUint16(FSW, status, true);
  view.setUint8(TAGS, state.getUint32(State.ftw, true));
  view.setUint32(MXCSR, state.getUint32(State.mxcsr, true), true);
  for (let n = 0; n < 8; n++) {
    const from = State.x87 + ((topOf(status) + n) & 7) * STRIDE;
    image.set(bytes.subarray(from, from + REGISTER_BYTES), REGISTERS + n * STRIDE);
  }
  return image;
}

/** An image without what is not compared: pointers, the mask of MXCSR, and bits of FSW. */
export function comparable(image: Uint8Array, undefinedStatus: number): Uint8Array {
  const copy = image.slice();
  const view = new DataView(copy.buffer);
  copy.fill(0, TAGS + 1, MXCSR);
  copy.fill(0, MXCSR + 4, REGISTERS);
  for (let n = 0; n < 8; n++) copy.fill(0, REGISTERS + n * STRIDE + REGISTER_BYTES, REGISTERS + (n + 1) * STRIDE);
  view.setUint16(FSW, view.getUint16(FSW, true) & ~undefinedStatus, true);
  return copy;
}
