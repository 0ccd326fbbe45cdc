/*
 * The registers of a VGA, by their names in IBM's VGA reference: miscellaneous output, sequencer, CRT controller, graphics controller,
 * attribute controller, and the palette of the digital-to-analogue converter (DAC).
 */
import { requireObject, requireUnsigned, requireUnsignedArray, VdevStateError, requireBoolean } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { ByteDevice } from '@qvm/core/vdev';
import { TEXT_MODE, TEXT_PALETTE } from './text-mode.js';

/** First port of the range, and number of ports. */
export const VGA_PORT = 0x3b0;
export const VGA_PORTS = 0x30;

const Port = {
  monochromeIndex: 0x3b4,
  monochromeData: 0x3b5,
  monochromeStatus: 0x3ba,
  attribute: 0x3c0,
  attributeData: 0x3c1,
  miscellaneous: 0x3c2,
  enable: 0x3c3,
  sequencerIndex: 0x3c4,
  sequencerData: 0x3c5,
  paletteMask: 0x3c6,
  paletteReadIndex: 0x3c7,
  paletteWriteIndex: 0x3c8,
  paletteData: 0x3c9,
  featureControl: 0x3ca,
  miscellaneousRead: 0x3cc,
  graphicsIndex: 0x3ce,
  graphicsData: 0x3cf,
  colourIndex: 0x3d4,
  colourData: 0x3d5,
  colourStatus: 0x3da,
} as const;

/** Bit of the miscellaneous output register: the CRT controller is at 3D4h, not at 3B4h. */
const COLOUR_PORTS = 1;
/** Bit of the attribute index: the palette is the display's; clear while software changes it. */
const PALETTE_ENABLED = 0x20;
const ATTRIBUTE_INDEX = 0x1f;
/** The CRT controller's registers 0 to 7 cannot be written while this bit of register 11h is set, but for the line compare bit. */
const PROTECT = 0x80;
const LINE_COMPARE = 0x10;
/** Bits of the status register: neither picture nor vertical retrace, or both. Each read shows the other. */
const RETRACE = 0x09;
const PALETTE_BYTES = 768;
const DAC_BITS = 0x3f;
/** Read by software that asks which way the DAC goes. */
const DAC_READS = 3;

/** Numbers of registers, and writable bits, by group. */
const SEQUENCER = [0x03, 0x3d, 0x0f, 0x3f, 0x0e] as const;
const GRAPHICS = [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff] as const;
const CRT_CONTROLLER = 25;
const ATTRIBUTES = 21;

/** All state that software sees in the registers. */
export interface VgaState {
  miscellaneous: number;
  featureControl: number;
  sequencerIndex: number;
  graphicsIndex: number;
  crtIndex: number;
  attributeIndex: number;
  /** The next write to the attribute port is data. */
  attributeData: boolean;
  readonly sequencer: Uint8Array;
  readonly graphics: Uint8Array;
  readonly crt: Uint8Array;
  readonly attributes: Uint8Array;
  paletteMask: number;
  /** Position of the next byte of the DAC, 0 to 767, for writes and for reads. */
  paletteWrite: number;
  paletteRead: number;
  paletteReads: boolean;
  /** Red, green and blue of 256 colours, 6 bits each. */
  readonly palette: Uint8Array;
}

function powerOn(): VgaState {
  return {
    miscellaneous: TEXT_MODE.miscellaneous,
    featureControl: 0,
    sequencerIndex: 0,
    graphicsIndex: 0,
    crtIndex: 0,
    attributeIndex: PALETTE_ENABLED,
    attributeData: false,
    sequencer: Uint8Array.from(TEXT_MODE.sequencer),
    graphics: Uint8Array.from(TEXT_MODE.graphics),
    crt: Uint8Array.from(TEXT_MODE.crt),
    attributes: Uint8Array.from(TEXT_MODE.attributes),
    paletteMask: 0xff,
    paletteWrite: 0,
    paletteRead: 0,
    paletteReads: false,
    palette: TEXT_PALETTE.slice(),
  };
}

/** The registers, as the bytes of a range of ports from {@link VGA_PORT}. After a reset they are those of text mode 3. */
export class VgaRegisters implements ByteDevice {
  #state = powerOn();
  #retrace = false;

  get state(): Readonly<VgaState> {
    return this.#state;
  }

  readByte(offset: number): number {
    const port = VGA_PORT + offset;
    const { state } = this;
    if (this.#isOtherCrt(port)) return 0xff;
    switch (port) {
      case Port.attribute:
        return state.attributeData ? 0 : state.attributeIndex;
      case Port.attributeData:
        return state.attributes[state.attributeIndex & ATTRIBUTE_INDEX] ?? 0;
      case Port.miscellaneousRead:
        return state.miscellaneous;
      case Port.enable:
        return 1;
      case Port.sequencerIndex:
        return state.sequencerIndex;
      case Port.sequencerData:
        return state.sequencer[state.sequencerIndex] ?? 0;
      case Port.paletteMask:
        return state.paletteMask;
      case Port.paletteReadIndex:
        return state.paletteReads ? DAC_READS : 0;
      case Port.paletteWriteIndex:
        return Math.floor(state.paletteWrite / 3);
      case Port.paletteData:
        return this.#readPalette();
      case Port.featureControl:
        return state.featureControl;
      case Port.graphicsIndex:
        return state.graphicsIndex;
      case Port.graphicsData:
        return state.graphics[state.graphicsIndex] ?? 0;
      case Port.monochromeIndex:
      case Port.colourIndex:
        return state.crtIndex;
      case Port.monochromeData:
      case Port.colourData:
        return state.crt[state.crtIndex] ?? 0;
      case Port.monochromeStatus:
      case Port.colourStatus:
        return this.#readStatus();
      default:
        return port === Port.miscellaneous ? 0 : 0xff;
    }
  }

  writeByte(offset: number, value: number): void {
    const port = VGA_PORT + offset;
    const state = this.#state;
    if (this.#isOtherCrt(port)) return;
    switch (port) {
      case Port.attribute:
        return this.#writeAttribute(value);
      case Port.miscellaneous:
        state.miscellaneous = value & 0xef;
        return;
      case Port.sequencerIndex:
        state.sequencerIndex = value & 7;
        return;
      case Port.sequencerData:
        writeMasked(state.sequencer, SEQUENCER, state.sequencerIndex, value);
        return;
      case Port.paletteMask:
        state.paletteMask = value;
        return;
      case Port.paletteReadIndex:
        state.paletteRead = value * 3;
        state.paletteReads = true;
        return;
      case Port.paletteWriteIndex:
        state.paletteWrite = value * 3;
        state.paletteReads = false;
        return;
      case Port.paletteData:
        state.palette[state.paletteWrite] = value & DAC_BITS;
        state.paletteWrite = (state.paletteWrite + 1) % PALETTE_BYTES;
        return;
      case Port.graphicsIndex:
        state.graphicsIndex = value & 0xf;
        return;
      case Port.graphicsData:
        writeMasked(state.graphics, GRAPHICS, state.graphicsIndex, value);
        return;
      case Port.monochromeIndex:
      case Port.colourIndex:
        state.crtIndex = value;
        return;
      case Port.monochromeData:
      case Port.colourData:
        return this.#writeCrt(value);
      case Port.monochromeStatus:
      case Port.colourStatus:
        state.featureControl = value & 0x10;
        return;
      default:
        return;
    }
  }

  reset(): void {
    this.#state = powerOn();
    this.#retrace = false;
  }

  save(): Json {
    const { sequencer, graphics, crt, attributes, palette, ...scalars } = this.#state;
    return {
      ...scalars,
      sequencer: [...sequencer],
      graphics: [...graphics],
      crt: [...crt],
      attributes: [...attributes],
      palette: [...palette],
    };
  }

  /**
   * Checks what {@link VgaRegisters.save} gave, and changes nothing.
   *
   * @returns a function that restores it.
   * @throws VdevStateError
   */
  decode(value: unknown): () => void {
    const fresh = powerOn();
    const saved = requireObject(value, Object.keys(fresh), 'VGA registers');
    const byte = (name: keyof VgaState, most = 0xff): number => requireUnsigned(saved[name], most, name);
    const bytes = (name: keyof VgaState, length: number, most = 0xff): Uint8Array => {
      const found = requireUnsignedArray(saved[name], length, most, name);
      if (found.length !== length) throw new VdevStateError(`${name} has ${found.length} entries, not ${length}`);
      return Uint8Array.from(found);
    };
    const state: VgaState = {
      miscellaneous: byte('miscellaneous'),
      featureControl: byte('featureControl'),
      sequencerIndex: byte('sequencerIndex', 7),
      graphicsIndex: byte('graphicsIndex', 0xf),
      crtIndex: byte('crtIndex'),
      attributeIndex: byte('attributeIndex', 0x3f),
      attributeData: requireBoolean(saved['attributeData'], 'attributeData'),
      sequencer: bytes('sequencer', SEQUENCER.length),
      graphics: bytes('graphics', GRAPHICS.length),
      crt: bytes('crt', CRT_CONTROLLER),
      attributes: bytes('attributes', ATTRIBUTES),
      paletteMask: byte('paletteMask'),
      paletteWrite: byte('paletteWrite', PALETTE_BYTES - 1),
      paletteRead: byte('paletteRead', PALETTE_BYTES - 1),
      paletteReads: requireBoolean(saved['paletteReads'], 'paletteReads'),
      palette: bytes('palette', PALETTE_BYTES, DAC_BITS),
    };
    return () => {
      this.#state = state;
    };
  }

  /** Whether a port is one of the CRT controller's that the miscellaneous output register has switched off. */
  #isOtherCrt(port: number): boolean {
    const colour = port >= 0x3d0;
    return (colour || port < Port.attribute) && colour !== ((this.#state.miscellaneous & COLOUR_PORTS) !== 0);
  }

  #readStatus(): number {
    this.#state.attributeData = false;
    this.#retrace = !this.#retrace;
    return this.#retrace ? RETRACE : 0;
  }

  #readPalette(): number {
    const state = this.#state;
    const value = state.palette[state.paletteRead] ?? 0;
    state.paletteRead = (state.paletteRead + 1) % PALETTE_BYTES;
    return value;
  }

  /** Index and data take turns at one port. */
  #writeAttribute(value: number): void {
    const state = this.#state;
    if (!state.attributeData) state.attributeIndex = value & (PALETTE_ENABLED | ATTRIBUTE_INDEX);
    else {
      const index = state.attributeIndex & ATTRIBUTE_INDEX;
      if (index < ATTRIBUTES) state.attributes[index] = value;
    }
    state.attributeData = !state.attributeData;
  }

  #writeCrt(value: number): void {
    const { crt, crtIndex } = this.#state;
    const isProtected = ((crt[0x11] ?? 0) & PROTECT) !== 0;
    if (crtIndex >= CRT_CONTROLLER) return;
    if (crtIndex > 7 || !isProtected) crt[crtIndex] = value;
    else if (crtIndex === 7) crt[7] = ((crt[7] ?? 0) & ~LINE_COMPARE) | (value & LINE_COMPARE);
  }
}

function writeMasked(registers: Uint8Array, masks: readonly number[], index: number, value: number): void {
  const mask = masks[index];
  if (mask !== undefined) registers[index] = value & mask;
}
