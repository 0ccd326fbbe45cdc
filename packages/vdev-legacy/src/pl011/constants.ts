/** Bits of the PL011's registers, under the names of the Arm PL011 TRM (DDI 0183) §3.3. */

/** Data register: status bits above the character in bits 7–0. */
export const DR_OE = 1 << 11;
/** Receive status register. */
export const RSR_OE = 1 << 3;

export const FR_CTS = 1 << 0;
export const FR_DSR = 1 << 1;
export const FR_DCD = 1 << 2;
export const FR_RXFE = 1 << 4;
export const FR_RXFF = 1 << 6;
export const FR_TXFE = 1 << 7;
export const FR_RI = 1 << 8;

export const LCR_H_FEN = 1 << 4;

export const CR_LBE = 1 << 7;
export const CR_DTR = 1 << 10;
export const CR_RTS = 1 << 11;
export const CR_OUT1 = 1 << 12;
export const CR_OUT2 = 1 << 13;

/** Interrupt sources: the same bit in IMSC, RIS, MIS and ICR. */
export const INT_RI = 1 << 0;
export const INT_CTS = 1 << 1;
export const INT_DCD = 1 << 2;
export const INT_DSR = 1 << 3;
export const INT_RX = 1 << 4;
export const INT_TX = 1 << 5;
export const INT_RT = 1 << 6;
export const INT_OE = 1 << 10;
