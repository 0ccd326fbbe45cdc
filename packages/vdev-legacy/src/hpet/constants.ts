/** Registers and bits of the IA-PC HPET Specification 1.0a, section 2.3, under its names. */

export const CAPABILITIES = 0x000;
export const COUNTER_CLK_PERIOD = 0x004;
export const CONFIGURATION = 0x010;
export const INTERRUPT_STATUS = 0x020;
export const MAIN_COUNTER = 0x0f0;
export const TIMERS = 0x100;
export const TIMER_STRIDE = 0x20;
/** Offsets of a timer's registers. */
export const TN_CONFIGURATION = 0x00;
export const TN_ROUTE_CAP = 0x04;
export const TN_COMPARATOR = 0x08;

/** General capabilities. */
export const REV_ID = 1;
export const NUM_TIM_CAP_SHIFT = 8;
export const COUNT_SIZE_CAP = 1 << 13;
export const LEG_RT_CAP = 1 << 15;
export const VENDOR_ID_SHIFT = 16;

/** General configuration. */
export const ENABLE_CNF = 1 << 0;
export const LEG_RT_CNF = 1 << 1;

/** Timer configuration. */
export const INT_TYPE_CNF = 1 << 1;
export const INT_ENB_CNF = 1 << 2;
export const TYPE_CNF = 1 << 3;
export const PER_INT_CAP = 1 << 4;
export const SIZE_CAP = 1 << 5;
export const VAL_SET_CNF = 1 << 6;
export const MODE32_CNF = 1 << 8;
export const INT_ROUTE_SHIFT = 9;
export const INT_ROUTE_CNF = 0x1f << INT_ROUTE_SHIFT;
/** The bits that a program can set. */
export const TN_WRITABLE = INT_TYPE_CNF | INT_ENB_CNF | TYPE_CNF | VAL_SET_CNF | MODE32_CNF | INT_ROUTE_CNF;
