/** Bits of CR0 (SDM vol. 3, 2.5). @experimental */
export enum Cr0 {
  /** Protected mode. */
  PE = 1 << 0,
  /** WAIT traps with TS. */
  MP = 1 << 1,
  /** There is no x87 unit. */
  EM = 1 << 2,
  /** The task was switched: x87 and vector instructions trap. */
  TS = 1 << 3,
  /** There is an x87 unit of the 80387; always 1. */
  ET = 1 << 4,
  /** x87 exceptions are #MF. */
  NE = 1 << 5,
  /** Supervisors respect read-only pages. */
  WP = 1 << 16,
  /** RFLAGS.AC checks alignment. */
  AM = 1 << 18,
  /** Not write-through. */
  NW = 1 << 29,
  /** Caches are off. */
  CD = 1 << 30,
  /** Paging. */
  PG = 1 << 31,
}

/** Bits of CR4 (SDM vol. 3, 2.5). @experimental */
export enum Cr4 {
  /** Virtual-8086 mode extensions. */
  VME = 1 << 0,
  /** Virtual interrupts in protected mode. */
  PVI = 1 << 1,
  /** RDTSC is privileged. */
  TSD = 1 << 2,
  /** DR4 and DR5 do not exist; breakpoints on ports do. */
  DE = 1 << 3,
  /** Pages of 4 MiB. */
  PSE = 1 << 4,
  /** Physical addresses of more than 32 bits. */
  PAE = 1 << 5,
  /** Machine checks are reported. */
  MCE = 1 << 6,
  /** Global pages. */
  PGE = 1 << 7,
  /** RDPMC at any level. */
  PCE = 1 << 8,
  /** SSE is enabled. */
  OSFXSR = 1 << 9,
  /** SIMD exceptions are #XM. */
  OSXMMEXCPT = 1 << 10,
  /** SGDT, SIDT, SLDT, SMSW and STR are privileged. */
  UMIP = 1 << 11,
  /** RDFSBASE and its like are enabled. */
  FSGSBASE = 1 << 16,
  /** Process-context identifiers. */
  PCIDE = 1 << 17,
  /** XSAVE is enabled. */
  OSXSAVE = 1 << 18,
  /** Supervisors do not execute pages of users. */
  SMEP = 1 << 20,
  /** Supervisors access pages of users with RFLAGS.AC only. */
  SMAP = 1 << 21,
}

/** Bits of IA32_EFER (SDM vol. 3, 2.2.1). @experimental */
export enum Efer {
  /** SYSCALL and SYSRET are enabled. */
  SCE = 1 << 0,
  /** IA-32e mode begins with paging. */
  LME = 1 << 8,
  /** IA-32e mode is active. */
  LMA = 1 << 10,
  /** Pages can be not executable. */
  NXE = 1 << 11,
}
