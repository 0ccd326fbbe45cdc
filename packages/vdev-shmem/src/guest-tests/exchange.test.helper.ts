import { AWAIT_DOORBELL, log } from './small-guest.test.helper.js';

/** Number of numbers that a client sends; the server answers with their sum. */
export const NUMBERS = 1000;
export const SUM = (NUMBERS * (NUMBERS - 1)) / 2;
/** Number of additions by each guest to one counter. */
export const ADDITIONS = 500;

/** Adds to the counter at offset 0x800, alternately by LSE and by exclusives. Uses X0–X5. */
const COUNT = `
  add x0, x19, #0x800
  mov x1, #1
  ldr x2, =${ADDITIONS}
  2: ldaddal x1, x3, [x0]
  3: ldaxr x4, [x0]
  add x4, x4, #1
  stlxr w5, x4, [x0]
  cbnz w5, 3b
  subs x2, x2, #1
  b.ne 2b\n`;

/** Computes the bits of all other clients in W2. */
const OTHERS = 'ldr w1, [x20, #4]\n mov w2, #1\n lsl w1, w2, w1\n ldr w2, [x20]\n lsr w2, w2, #16\n bic w2, w2, w1\n';

/** Rings the doorbell once another client has attached. */
const RING = `4: ${OTHERS} cbz w2, 4b\n str w2, [x20, #8]\n`;

/** Waits for numbers, adds them up, answers. Logs the status, the sum. */
export const SERVER = `
  ${COUNT}
  ${AWAIT_DOORBELL} ${log(10)}
  mov x3, #0
  ldr x4, =${NUMBERS}
  add x5, x19, #0x1000
  5: ldr w6, [x5], #4
  add x3, x3, x6
  subs x4, x4, #1
  b.ne 5b
  str x3, [x19]
  ${log(3)}
  dmb sy
  ${RING}\n`;

/** Sends numbers, waits for the answer. Logs the status and the answer. */
export const CLIENT = `
  ${COUNT}
  mov x3, #0
  ldr x4, =${NUMBERS}
  add x5, x19, #0x1000
  6: str w3, [x5], #4
  add x3, x3, #1
  cmp x3, x4
  b.ne 6b
  dmb sy
  ${RING}
  ${AWAIT_DOORBELL} ${log(10)}
  ldr x3, [x19]
  ${log(3)}\n`;
