const GICD = 0x0800_0000;
const GICR = 0x080a_0000;

/** Group 1 for everything, the CPU interface on. X20: distributor, X22: SGI frame. Uses X21. */
export const gicOn = (vcpu = 0): string => `
  ldr x20, =${GICD}
  mov w21, #0x12
  str w21, [x20]
  ldr x22, =${GICR + vcpu * 0x2_0000}
  str wzr, [x22, #0x14]
  add x22, x22, #0x10, lsl #12
  mov w21, #-1
  str w21, [x22, #0x80]
  str w21, [x20, #0x84]
  mov x21, #1
  msr icc_sre_el1, x21
  msr icc_igrpen1_el1, x21
  mov x21, #0xff
  msr icc_pmr_el1, x21
  msr icc_bpr1_el1, xzr
  isb\n`;

/** Enables a private interrupt with a priority, after {@link gicOn}. */
export const enablePrivate = (number: number, priority = 0x80): string =>
  `mov w21, #${priority}\n strb w21, [x22, #${0x400 + number}]\n ldr w21, =${(1 << number) >>> 0}\n str w21, [x22, #0x100]\n`;
