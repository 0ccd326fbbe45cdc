/** Mode numbers of the Intel 8254 data sheet. */
export const TERMINAL_COUNT = 0;
export const ONE_SHOT = 1;
export const RATE = 2;
export const SQUARE_WAVE = 3;
export const SOFTWARE_STROBE = 4;
export const HARDWARE_STROBE = 5;
