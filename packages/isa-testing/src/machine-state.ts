import { State } from '@qvm/isa-aarch64';

/** Size in bytes of X0–X30, SP, V0–V31, FPCR and FPSR: the layout of the vCPU's state from {@link State.x} on. */
export const REGISTER_BYTES = State.fpsr + 4 - State.x;

const V = State.v - State.x;
const FPCR = State.fpcr - State.x;
const FPSR = State.fpsr - State.x;
const NZCV = REGISTER_BYTES;
const PC = REGISTER_BYTES + 8;
/** Bytes of a {@link MachineState}. */
export const MACHINE_STATE_BYTES = PC + 8;

/**
 * The registers of an EL0 program as one block of bytes: X0–X30, SP, V0–V31, FPCR, FPSR, NZCV (0–15), 4 bytes of 0,
 * PC. The runner on QEMU uses the same layout.
 *
 * @experimental
 */
export class MachineState {
  readonly #view: DataView;

  /** @param bytes - {@link MACHINE_STATE_BYTES} bytes, which become the state's storage. */
  constructor(readonly bytes: Uint8Array = new Uint8Array(MACHINE_STATE_BYTES)) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** X0–X30; number 31 is SP. */
  x(n: number): bigint {
    return this.#view.getBigUint64(n * 8, true);
  }

  setX(n: number, value: bigint): void {
    this.#view.setBigUint64(n * 8, BigInt.asUintN(64, value), true);
  }

  /** 128 bits of a vector register. */
  v(n: number): bigint {
    return (this.#view.getBigUint64(V + n * 16 + 8, true) << 64n) | this.#view.getBigUint64(V + n * 16, true);
  }

  setV(n: number, value: bigint): void {
    this.#view.setBigUint64(V + n * 16, BigInt.asUintN(64, value), true);
    this.#view.setBigUint64(V + n * 16 + 8, BigInt.asUintN(64, value >> 64n), true);
  }

  get fpcr(): number {
    return this.#view.getUint32(FPCR, true);
  }

  set fpcr(value: number) {
    this.#view.setUint32(FPCR, value, true);
  }

  get fpsr(): number {
    return this.#view.getUint32(FPSR, true);
  }

  set fpsr(value: number) {
    this.#view.setUint32(FPSR, value, true);
  }

  /** NZCV with N as bit 3 and V as bit 0. */
  get nzcv(): number {
    return this.#view.getUint32(NZCV, true);
  }

  set nzcv(value: number) {
    this.#view.setUint32(NZCV, value, true);
  }

  get pc(): bigint {
    return this.#view.getBigUint64(PC, true);
  }

  set pc(value: bigint) {
    this.#view.setBigUint64(PC, BigInt.asUintN(64, value), true);
  }

  clone(): MachineState {
    return new MachineState(this.bytes.slice());
  }
}
