/** Registers and bits of the Motorola MC146818 data sheet, under its names. */

export const SECONDS = 0x00;
export const SECONDS_ALARM = 0x01;
export const MINUTES = 0x02;
export const MINUTES_ALARM = 0x03;
export const HOURS = 0x04;
export const HOURS_ALARM = 0x05;
export const DAY_OF_WEEK = 0x06;
export const DATE_OF_MONTH = 0x07;
export const MONTH = 0x08;
export const YEAR = 0x09;
export const REGISTER_A = 0x0a;
export const REGISTER_B = 0x0b;
export const REGISTER_C = 0x0c;
export const REGISTER_D = 0x0d;
/** Where PCs have the century. */
export const CENTURY = 0x32;

export const A_UIP = 0x80;
/** Divider control; 010 lets a clock of 32.768 kHz run, all else stops it. */
export const A_DV = 0x70;
export const A_DV_RUNNING = 0x20;
export const A_RS = 0x0f;

export const B_SET = 0x80;
export const B_PIE = 0x40;
export const B_AIE = 0x20;
export const B_UIE = 0x10;
export const B_DM = 0x04;
export const B_24_12 = 0x02;

/** Register C: flags at the places of their enable bits in register B. */
export const C_IRQF = 0x80;
export const C_PF = B_PIE;
export const C_AF = B_AIE;
export const C_UF = B_UIE;
export const C_FLAGS = C_PF | C_AF | C_UF;

export const D_VRT = 0x80;

/** Hours: afternoon, in 12-hour mode. */
export const HOURS_PM = 0x80;
/** Alarm: any value with these bits matches all. */
export const DO_NOT_CARE = 0xc0;
