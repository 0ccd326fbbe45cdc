// From a kick to the interrupt that answers it: one request at a time to the first VirtIO device of the board, a source of entropy
// or a disk. Prints BENCH sample SECONDS for each. The checksum is the number of requests.
.equ VIRTIO, 0x0a000000         // places of 0x200 bytes, their interrupts from 48 on
.equ VIRTIO_PLACES_END, 0x0a004000
.equ VIRTIO_INTERRUPT, 48
.equ DEVICE_ID, 0x008
.equ DRIVER_FEATURES, 0x020
.equ DRIVER_FEATURES_SELECT, 0x024
.equ QUEUE_SIZE, 0x038
.equ QUEUE_READY, 0x044
.equ QUEUE_NOTIFY, 0x050
.equ INTERRUPT_STATUS, 0x060
.equ INTERRUPT_ACKNOWLEDGE, 0x064
.equ STATUS, 0x070
.equ QUEUE_DESCRIPTORS, 0x080
.equ QUEUE_DRIVER, 0x090
.equ QUEUE_DEVICE, 0x0a0
.equ DISK, 2

.equ GICD, 0x08000000
.equ GICR, 0x080a0000

.equ DESCRIPTORS, ARENA         // what the device and we share; RAM is zero at first
.equ AVAILABLE, ARENA + 0x100
.equ USED, ARENA + 0x200
.equ REQUEST, ARENA + 0x300     // virtio_blk_req: read sector 0
.equ DATA, ARENA + 0x400
.equ DISK_STATUS, ARENA + 0x600
.equ NEXT, 1 << 16              // flags of a descriptor, beside its length and next index
.equ WRITE, 2 << 16

notify:
  stp x29, x30, [sp, #-64]!
  stp x19, x20, [sp, #16]
  stp x21, x22, [sp, #32]
  stp x23, x24, [sp, #48]
  mov x19, x0                   // requests
  mov w22, #0                   // of them, available
  ldr x20, =VIRTIO              // the device
  mov w21, #VIRTIO_INTERRUPT
1:
  ldr w1, [x20, #DEVICE_ID]
  cbnz w1, 2f
  add x20, x20, #0x200
  add w21, w21, #1
  ldr x1, =VIRTIO_PLACES_END
  cmp x20, x1
  b.ne 1b
  b unexpected
2:
  ldr x0, =DESCRIPTORS
  cmp w1, #DISK
  b.eq 3f
  ldr x1, =DATA
  ldr x2, =(WRITE << 16) + 64
  stp x1, x2, [x0]
  b 4f
3:
  ldr x1, =REQUEST
  ldr x2, =(1 << 48) + (NEXT << 16) + 16
  stp x1, x2, [x0]
  ldr x1, =DATA
  ldr x2, =(2 << 48) + ((NEXT + WRITE) << 16) + 512
  stp x1, x2, [x0, #16]
  ldr x1, =DISK_STATUS
  ldr x2, =(WRITE << 16) + 1
  stp x1, x2, [x0, #32]
4:
  bl start_device
  bl enable_interrupt
5:
  ldr x2, =AVAILABLE            // its ring holds zeros: always the first chain
  add w22, w22, #1
  dmb ish
  strh w22, [x2, #2]
  dmb ish
  isb
  mrs x23, cntvct_el0
  str wzr, [x20, #QUEUE_NOTIFY]
6:
  wfi                           // interrupts are masked: it goes on after it
  mrs x24, icc_iar1_el1
  cmp w24, w21
  b.ne 6b
  isb
  mrs x0, cntvct_el0
  sub x23, x0, x23
  ldr w1, [x20, #INTERRUPT_STATUS]
  str w1, [x20, #INTERRUPT_ACKNOWLEDGE]
  msr icc_eoir1_el1, x24
  ldr x2, =USED
  ldrh w1, [x2, #2]
  and w3, w22, #0xffff
  cmp w1, w3
  b.ne unexpected
  adr x0, text_bench
  adr x1, text_sample
  bl print_label
  mov x0, x23
  bl print_seconds
  cmp x22, x19
  b.lo 5b
  mov x0, x22
  ldp x23, x24, [sp, #48]
  ldp x21, x22, [sp, #32]
  ldp x19, x20, [sp, #16]
  ldp x29, x30, [sp], #64
  ret

// x20: the device. Negotiates VERSION_1 and nothing else (VirtIO 1.2, section 3.1.1), sets the first queue up.
start_device:
  str wzr, [x20, #STATUS]
  mov w0, #3                    // ACKNOWLEDGE, DRIVER
  str w0, [x20, #STATUS]
  str wzr, [x20, #DRIVER_FEATURES_SELECT]
  str wzr, [x20, #DRIVER_FEATURES]
  mov w0, #1
  str w0, [x20, #DRIVER_FEATURES_SELECT]
  str w0, [x20, #DRIVER_FEATURES]
  mov w0, #11                   // FEATURES_OK
  str w0, [x20, #STATUS]
  mov w0, #4
  str w0, [x20, #QUEUE_SIZE]
  ldr w0, =DESCRIPTORS
  str w0, [x20, #QUEUE_DESCRIPTORS]
  ldr w0, =AVAILABLE
  str w0, [x20, #QUEUE_DRIVER]
  ldr w0, =USED
  str w0, [x20, #QUEUE_DEVICE]
  mov w0, #1
  str w0, [x20, #QUEUE_READY]
  mov w0, #15                   // DRIVER_OK
  str w0, [x20, #STATUS]
  ret

// w21: a shared interrupt, 32 to 95. Lets it come to this vCPU, which keeps it masked.
enable_interrupt:
  ldr x0, =GICR
  str wzr, [x0, #0x14]          // GICR_WAKER
  ldr x0, =GICD
  mov w1, #0x12                 // GICD_CTLR: affinity routing, group 1
  str w1, [x0]
  mov w1, #-1
  str w1, [x0, #0x84]           // GICD_IGROUPR1 and 2
  str w1, [x0, #0x88]
  lsr w2, w21, #5
  add x0, x0, w2, uxtw #2
  mov w1, #1
  lsl w1, w1, w21
  str w1, [x0, #0x100]          // GICD_ISENABLER
  mov x1, #1
  msr icc_sre_el1, x1
  msr icc_igrpen1_el1, x1
  mov x1, #0xff
  msr icc_pmr_el1, x1
  isb
  ret
  .ltorg

text_sample: .asciz "sample"
