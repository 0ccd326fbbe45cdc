/*
 * A frame buffer in guest RAM, set up in either of two ways:
 *
 * - The board describes one as `simple-framebuffer` in the device tree (Linux,
 * Documentation/devicetree/bindings/display/ simple-framebuffer.yaml); kernels of distributions show their console
 * there.
 * - Firmware or a driver allocates one and describes it in the file `etc/ramfb` of the firmware configuration device
 * (QEMU, hw/display/ramfb.c). It is used until the next reset.
 */
import { FW_CFG, RAM_RESERVATIONS } from '@qvm/core/services';
import { VdevStateError, requireObject, requireUnsignedArray, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { BootScreen, Display, DisplayImage } from '@qvm/core/services';
import type { DeviceTreeContext, DeviceTreeNode, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { CONFIGURATION_BYTES, decodeConfiguration } from './configuration.js';
import { bytesOf, captureFrame, modeProblem } from './mode.js';
import type { DisplayMode, FrameBuffer } from './mode.js';

const STATE_VERSION = 1;
/** Alignment that lets guests map the frame buffer with blocks of any page size. */
const ALIGNMENT = 0x1_0000;

/** @internal */
export class Ramfb implements Vdev, Display {
  readonly #context: VdevContext;
  /** The frame buffer in the device tree. */
  readonly #board: FrameBuffer | undefined;
  readonly #configuration = new Uint8Array(CONFIGURATION_BYTES);
  readonly #firmware: boolean;
  /** The frame buffer that the guest has set up, or the reason why it cannot be shown. */
  #guest: FrameBuffer | string | undefined;

  constructor(context: VdevContext, mode: DisplayMode | undefined) {
    this.#context = context;
    this.#board = mode === undefined ? undefined : reserve(context, mode);
    const firmware = context.optionalAttachment(FW_CFG);
    this.#firmware = firmware !== undefined;
    firmware?.addFile({ name: 'etc/ramfb', bytes: this.#configuration, written: () => this.#configured() });
  }

  capture(): DisplayImage | undefined {
    const frame = this.#frame;
    return frame === undefined ? undefined : captureFrame(frame, this.#context.memory);
  }

  reset(): void {
    this.#configuration.fill(0);
    this.#guest = undefined;
  }

  save(): VdevState {
    const configuration = this.#guest === undefined ? [] : [...this.#configuration];
    return { version: STATE_VERSION, state: { configuration } };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['configuration'], 'ramfb state');
    const bytes = requireUnsignedArray(state.configuration, CONFIGURATION_BYTES, 0xff, 'configuration');
    if (bytes.length !== 0 && bytes.length !== CONFIGURATION_BYTES) {
      throw new VdevStateError(`configuration has ${bytes.length} bytes, not 0 or ${CONFIGURATION_BYTES}`);
    }
    this.reset();
    if (bytes.length === 0) return;
    this.#configuration.set(bytes);
    this.#configured();
  }

  status(): Readonly<Record<string, Json>> {
    const frame = this.#frame;
    const problem = typeof this.#guest === 'string' ? this.#guest : null;
    if (frame === undefined) return { source: null, problem };
    const { address, width, height, stride, format } = frame;
    const source = frame === this.#board ? 'board' : 'guest';
    return { source, problem, address, width, height, stride, format: format.name };
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const board = this.#board;
    if (board === undefined) return [];
    return [
      {
        name: `framebuffer@${board.address.toString(16)}`,
        properties: {
          compatible: 'simple-framebuffer',
          reg: { cells: context.reg(board.address, bytesOf(board)) },
          width: { cells: [board.width] },
          height: { cells: [board.height] },
          stride: { cells: [board.stride] },
          format: board.format.simpleFramebuffer ?? '',
        },
      },
    ];
  }

  dispose(): void {}

  /** Whether the guest can set up a frame buffer of its own. */
  get acceptsGuestFrame(): boolean {
    return this.#firmware;
  }

  /** The frame buffer of the board, as boot protocols describe it. */
  get bootScreen(): BootScreen | undefined {
    if (this.#board === undefined) return undefined;
    const { address, width, height, stride, format } = this.#board;
    return { kind: 'linear', address, width, height, stride, pixelBytes: format.bytes, channels: format.channels };
  }

  get #frame(): FrameBuffer | undefined {
    return typeof this.#guest === 'object' ? this.#guest : this.#board;
  }

  #configured(): void {
    const decoded = decodeConfiguration(this.#configuration);
    const problem = typeof decoded === 'string' ? decoded : modeProblem(decoded, this.#context.memory);
    this.#guest = problem ?? decoded;
    if (problem !== undefined) this.#context.logger.log('warn', `the guest's frame buffer cannot be shown: ${problem}`);
  }
}

function reserve(context: VdevContext, mode: DisplayMode): FrameBuffer {
  const reservations = context.attachment(RAM_RESERVATIONS);
  const size = Math.ceil(bytesOf(mode) / ALIGNMENT) * ALIGNMENT;
  return { ...mode, address: reservations.reserve('framebuffer', size, ALIGNMENT).base };
}
