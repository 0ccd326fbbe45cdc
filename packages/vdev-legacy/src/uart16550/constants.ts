/** Bits of the 16550's registers, under the names of the National Semiconductor PC16550D data sheet, §8. */

export const IER_ERBFI = 1 << 0;
export const IER_ETBEI = 1 << 1;
export const IER_ELSI = 1 << 2;
export const IER_EDSSI = 1 << 3;

/** IIR: the identification in bits 3–0, in order of decreasing priority (table IV). */
export const IIR_LINE_STATUS = 0b0110;
export const IIR_DATA_AVAILABLE = 0b0100;
export const IIR_CHARACTER_TIMEOUT = 0b1100;
export const IIR_TRANSMITTER_EMPTY = 0b0010;
export const IIR_MODEM_STATUS = 0b0000;
export const IIR_NONE = 0b0001;
/** IIR bits 7–6 while the FIFOs are on. */
export const IIR_FIFOS_ON = 0xc0;

export const FCR_FIFO_ENABLE = 1 << 0;
export const FCR_RCVR_RESET = 1 << 1;
/** The bits of FCR that are stored: FIFO enable, DMA mode, trigger. */
export const FCR_STORED = 0xc9;

export const LCR_DLAB = 1 << 7;

export const MCR_DTR = 1 << 0;
export const MCR_RTS = 1 << 1;
export const MCR_OUT1 = 1 << 2;
export const MCR_OUT2 = 1 << 3;
export const MCR_LOOP = 1 << 4;

export const LSR_DR = 1 << 0;
export const LSR_OE = 1 << 1;
export const LSR_THRE = 1 << 5;
export const LSR_TEMT = 1 << 6;

export const MSR_TERI = 1 << 2;
export const MSR_CTS = 1 << 4;
export const MSR_DSR = 1 << 5;
export const MSR_RI = 1 << 6;
export const MSR_DCD = 1 << 7;
/** The modem lines; bits 3–0 are set if they have changed. */
export const MSR_LINES = 0xf0;
