/** Commands and bits of the i8042 in PCs (IBM PS/2 Hardware Interface Technical Reference, "Keyboard and auxiliary device controller"). */

export const READ_MEMORY = 0x20;
export const WRITE_MEMORY = 0x60;
/** Both commands have the address in bits 4–0. */
export const MEMORY_ADDRESS = 0x1f;
export const DISABLE_MOUSE = 0xa7;
export const ENABLE_MOUSE = 0xa8;
export const TEST_MOUSE = 0xa9;
export const SELF_TEST = 0xaa;
export const TEST_KEYBOARD = 0xab;
export const DISABLE_KEYBOARD = 0xad;
export const ENABLE_KEYBOARD = 0xae;
export const READ_INPUT_PORT = 0xc0;
export const READ_OUTPUT_PORT = 0xd0;
export const WRITE_OUTPUT_PORT = 0xd1;
export const WRITE_KEYBOARD_OUTPUT = 0xd2;
export const WRITE_MOUSE_OUTPUT = 0xd3;
export const WRITE_MOUSE = 0xd4;
/** Commands from here on pulse the lines of the output port whose bits are 0. */
export const PULSE_LINES = 0xf0;

export const SELF_TEST_OK = 0x55;
export const TEST_OK = 0x00;

/** The command byte, at address 0 of the memory. */
export const COMMAND_KEYBOARD_INTERRUPT = 1 << 0;
export const COMMAND_MOUSE_INTERRUPT = 1 << 1;
export const COMMAND_SYSTEM = 1 << 2;
export const COMMAND_KEYBOARD_OFF = 1 << 4;
export const COMMAND_MOUSE_OFF = 1 << 5;
export const COMMAND_TRANSLATE = 1 << 6;

export const STATUS_OUTPUT_FULL = 1 << 0;
export const STATUS_SYSTEM = 1 << 2;
export const STATUS_COMMAND = 1 << 3;
export const STATUS_UNLOCKED = 1 << 4;
export const STATUS_MOUSE_OUTPUT = 1 << 5;

/** Output port: the reset line, which is active low, and address line A20. */
export const OUTPUT_NO_RESET = 1 << 0;
export const OUTPUT_A20 = 1 << 1;
export const OUTPUT_KEYBOARD_INTERRUPT = 1 << 4;
export const OUTPUT_MOUSE_INTERRUPT = 1 << 5;
/** Input port: the keyboard is not locked. */
export const INPUT_UNLOCKED = 1 << 7;
