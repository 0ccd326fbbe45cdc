import type { FrameRegister } from './register-frame.js';

/** GICD_IIDR and GICR_IIDR: designed by Arm. */
export const IIDR = 0x43b;

/**
 * The identification registers at the end of a frame (IHI 0069, 12.1), from PIDR4 at 0xffd0. PIDR2, at 0xffe8, says
 * GICv3 in bits 7–4.
 */
const PIDR4_TO_7 = [0x44, 0, 0, 0] as const;
const COMPONENT_ID = [0x0d, 0xf0, 0x05, 0xb1] as const;

/**
 * @param prefix - `GICD_` or `GICR_`.
 * @param part - bits 7–0 of the part number.
 */
export function identificationRegister(prefix: string, part: number): FrameRegister<unknown> {
  const bytes = [...PIDR4_TO_7, part, 0xb4, 0x3b, 0x00, ...COMPONENT_ID];
  return {
    offset: 0xffd0,
    name: `${prefix}PIDR4–7, PIDR0–3, CIDR0–3`,
    access: 'ro',
    words: bytes.length,
    description: 'Identification; PIDR2 is 0x3b, GICv3',
    read: (_target, index) => bytes[index] ?? 0,
  };
}
