// The safety guest: a bare-metal program for one AArch64 CPU at EL1, the safety half of a small car. It owns the wheel speed. Each
// sample goes to a driver assistance system in another VM by shared memory; the answer is a wanted acceleration, which is
// checked and limited before it counts. By network it answers ARP and ICMP echo, and it obeys the power button.
//
// Its board: a 16550-compatible UART, GICv3, and as far as they are there: a shared region at SHARED with its control page, a VirtIO
// network card, a PL061 whose line 3 is the power button. It runs anywhere in memory with the MMU off: data accesses are
// aligned. Interrupts stay masked; the program sleeps by WFI and asks the GIC what woke it.
//
// Assembled by @qvm/asm-aarch64 (scripts/build-embedded.mjs) after start.s.

    .equ UART, 0x09000000           // 16550, a register in each word
    .equ UART_THR, 0x00
    .equ UART_LSR, 0x14
    .equ LSR_THRE, 5                // bit number
    .equ GICD_IGROUPR, 0x80
    .equ GICD_ISENABLER, 0x100
    .equ GPIO, 0x09030000           // PL061
    .equ GPIO_IEV, 0x40c
    .equ GPIO_IE, 0x410
    .equ GPIO_IC, 0x41c
    .equ POWER_BUTTON, 1 << 3
    .equ GPIO_INTERRUPT, 39
    .equ PSCI_SYSTEM_OFF, 0x84000008

    // The control page of a shared region, and its interrupt.
    .equ CONTROL, 0x0b000000
    .equ SHM_STATUS, 0x0
    .equ SHM_IDX, 0x4
    .equ SHM_NOTIFY, 0x8
    .equ SHM_INTERRUPT, 160

    // The region. A message has four words: sequence number, value, kind, check. Of a sample the
    // sequence number is written last; of an answer the kind, which goes back to 0 when the answer was read.
    .equ SHARED, 0x70000000
    .equ SAMPLE, 0x00               // from here
    .equ ANSWER, 0x20               // from the driver assistance system
    .equ M_SEQUENCE, 0x0
    .equ M_VALUE, 0x4
    .equ M_KIND, 0x8
    .equ M_CHECK, 0xc
    .equ KIND_HELLO, 1              // begin with sample 1
    .equ KIND_ANSWER, 2             // an acceleration for the sample of this number
    .equ KIND_BYE, 3                // power off
    .equ CHECK_SEED, 0x51564d21
    .equ ACCELERATION_LIMIT, 500    // 0.01 km/h for each sample

    // VirtIO 1.2 over MMIO (4.2.2), 32 places; the network card (5.1) is the first one with its device type.
    .equ VIRTIO, 0x0a000000
    .equ VIRTIO_STRIDE, 0x200
    .equ VIRTIO_PLACES, 32
    .equ VIRTIO_INTERRUPT, 48
    .equ V_MAGIC, 0x000
    .equ V_DEVICE_ID, 0x008
    .equ V_DRIVER_FEATURES, 0x020
    .equ V_DRIVER_FEATURES_SEL, 0x024
    .equ V_QUEUE_SEL, 0x030
    .equ V_QUEUE_NUM, 0x038
    .equ V_QUEUE_READY, 0x044
    .equ V_QUEUE_NOTIFY, 0x050
    .equ V_INTERRUPT_STATUS, 0x060
    .equ V_INTERRUPT_ACK, 0x064
    .equ V_STATUS, 0x070
    .equ V_DESCRIPTORS, 0x080
    .equ V_DRIVER_AREA, 0x090
    .equ V_DEVICE_AREA, 0x0a0
    .equ V_CONFIG, 0x100
    .equ NETWORK_CARD, 1
    .equ FEATURE_MAC, 1 << 5
    .equ FEATURE_VERSION_1, 1 << 0  // bit 32: bit 0 of word 1
    .equ QUEUE_SIZE, 8
    .equ BUFFER_SHIFT, 11           // 2 KiB
    .equ NET_HEADER, 12             // struct virtio_net_hdr before each frame

    // A frame behind the header: 14 bytes of Ethernet, then ARP (RFC 826) or IPv4 (RFC 791) and ICMP (RFC 792). Numbers are
    // big-endian there, so they are swapped here.
    .equ F_DESTINATION, 0
    .equ F_SOURCE, 6
    .equ F_TYPE, 12
    .equ TYPE_ARP, 0x0608
    .equ TYPE_IPV4, 0x0008
    .equ ARP_OPERATION, 20
    .equ ARP_SENDER, 22             // 6 bytes of Ethernet address, 4 of IP address
    .equ ARP_TARGET, 32
    .equ ARP_TARGET_IP, 38
    .equ ARP_BYTES, 42
    .equ IP_VERSION, 14
    .equ IP_FRAGMENT, 20
    .equ IP_PROTOCOL, 23
    .equ IP_SOURCE, 26
    .equ IP_DESTINATION, 30
    .equ ICMP_TYPE, 34
    .equ ICMP_CHECKSUM, 36
    .equ OWN_IP_HIGH, 0xa8c0        // 192.168
    .equ OWN_IP_LOW, 0x010a         // .10.1

// ---------------------------------------------------------------------------------------------------------------------------
// x19: control page of the region, or 0. x20: the region. x21: errors. x22: the UART. x23: the network card, or 0. x24: its
// interrupt. w25: speed, 0.01 km/h. w26: number of the last sample. w27: answers that counted. w28: echoes answered.

entry:
    mov x21, #0
    mov w25, #0
    mov w26, #0
    mov w27, #0
    mov w28, #0
    adr x0, text_start
    bl puts
    bl gic_on
    bl find_power_button
    bl find_region
    bl find_network
    adr x0, text_ready
    bl puts

// What happened while nobody looked comes first; then sleep until an interrupt is pending.
loop:
    cbz x19, 1f
    bl read_answer
1:  cbz x23, 2f
    bl read_frames
2:  wfi
    mrs x0, icc_iar1_el1
    mov w1, #1020                   // 1020 and up: nothing
    cmp w0, w1
    b.hs 2b
    mov x5, x0
    cmp w0, #GPIO_INTERRUPT
    b.eq power_button
    cmp w0, #SHM_INTERRUPT
    b.ne 3f
    ldr w1, [x19, #SHM_STATUS]      // takes the doorbell down
3:  cmp w0, w24
    b.ne 4f
    ldr w1, [x23, #V_INTERRUPT_STATUS]
    str w1, [x23, #V_INTERRUPT_ACK]
4:  msr icc_eoir1_el1, x5
    isb
    b loop

power_button:
    adr x0, text_button
    bl puts
    b off

// The end: what was done, and whether all of it was right.
bye:
    adr x0, text_bye
    bl puts
    mov w0, w27
    bl put_decimal
    adr x0, text_exchanges
    bl puts
    mov w0, w21
    bl put_decimal
    adr x0, text_errors
    bl puts
    mov w0, w28
    bl put_decimal
    adr x0, text_echoes
    bl puts
    adr x0, text_done
    cbz x21, 1f
    adr x0, text_failed
1:  bl puts
off:
    ldr w0, =PSCI_SYSTEM_OFF
    hvc #0
    b .

// ---------------------------------------------------------------------------------------------------------------------------
// The region.

find_region:
    stp x29, x30, [sp, #-16]!
    ldr x0, =CONTROL
    bl probe
    mov x19, x0
    cbz x0, 1f
    ldr x20, =SHARED
    mov x0, #SHM_INTERRUPT
    bl enable_interrupt
    adr x0, text_region
    bl puts
    ldr w0, [x19, #SHM_IDX]
    bl put_decimal
    adr x0, text_newline
    bl puts
1:  ldp x29, x30, [sp], #16
    ret

// Looks whether the driver assistance system has written something new, and obeys.
read_answer:
    ldr w0, [x19, #SHM_IDX]         // all ones: the region is not there
    cmn w0, #1
    b.eq 9f
    add x1, x20, #ANSWER
    ldr w2, [x1, #M_KIND]
    cbz w2, 9f                      // nobody has written
    dmb ish
    ldr w3, [x1, #M_SEQUENCE]
    ldr w4, [x1, #M_VALUE]
    ldr w5, [x1, #M_CHECK]
    ldr w6, =CHECK_SEED
    eor w6, w6, w2
    eor w6, w6, w3
    eor w6, w6, w4
    str wzr, [x1, #M_KIND]          // taken
    cmp w5, w6
    b.ne wrong
    cmp w2, #KIND_HELLO
    b.eq hello
    cmp w3, w26                     // the others speak of the last sample
    b.ne wrong
    cmp w2, #KIND_BYE
    b.eq bye
    cmp w2, #KIND_ANSWER
    b.eq answer
    b wrong
9:  ret

hello:
    stp x29, x30, [sp, #-16]!
    adr x0, text_hello
    bl puts
    mov w26, #0                     // from sample 1 on, also for one who comes back
    bl send_sample
    ldp x29, x30, [sp], #16
    ret

// A check, a number or a kind that is not as agreed.
wrong:
    add x21, x21, #1
    stp x29, x30, [sp, #-16]!
    adr x0, text_wrong
    bl puts
    ldp x29, x30, [sp], #16
    ret

// An acceleration, w4, is for this car only within its limits.
answer:
    stp x29, x30, [sp, #-32]!
    str x4, [sp, #16]
    adr x0, text_sample
    bl puts
    mov w0, w26
    bl put_decimal
    adr x0, text_speed
    bl puts
    mov w0, w25
    bl put_hundredths
    adr x0, text_wanted
    bl puts
    ldr w0, [sp, #16]
    bl put_hundredths
    ldr w4, [sp, #16]
    mov w1, #ACCELERATION_LIMIT
    neg w2, w1
    cmp w4, w1
    csel w5, w1, w4, gt
    cmp w5, w2
    csel w5, w2, w5, lt
    adr x0, text_newline
    adr x1, text_limited
    cmp w4, w5
    csel x0, x0, x1, eq
    adds w25, w25, w5
    csel w25, wzr, w25, mi          // this car does not drive backwards
    add w27, w27, #1
    bl puts
    bl send_sample
    ldp x29, x30, [sp], #32
    ret

// The next sample: speed, check, then the number, then the doorbell of all others.
send_sample:
    add w26, w26, #1
    ldr w6, =CHECK_SEED
    eor w6, w6, w26
    eor w6, w6, w25
    str w25, [x20, #SAMPLE + M_VALUE]
    str wzr, [x20, #SAMPLE + M_KIND]
    str w6, [x20, #SAMPLE + M_CHECK]
    dmb ish
    str w26, [x20, #SAMPLE + M_SEQUENCE]
    dsb sy
    ldr w0, [x19, #SHM_IDX]
    mov w1, #1
    lsl w1, w1, w0
    mov w2, #0xffff
    bic w1, w2, w1
    str w1, [x19, #SHM_NOTIFY]
    ret

// ---------------------------------------------------------------------------------------------------------------------------
// The network card.

find_network:
    stp x29, x30, [sp, #-16]!
    ldr x23, =VIRTIO
    mov x24, #VIRTIO_INTERRUPT
1:  mov x0, x23
    bl probe
    cbz x0, 2f
    ldr w1, [x23, #V_DEVICE_ID]
    cmp w1, #NETWORK_CARD
    b.eq network_on
2:  add x23, x23, #VIRTIO_STRIDE
    add x24, x24, #1
    cmp x24, #VIRTIO_INTERRUPT + VIRTIO_PLACES
    b.ne 1b
    mov x23, #0
    mov x24, #0
    ldp x29, x30, [sp], #16
    ret

// VirtIO 1.2, section 3.1.1.
network_on:
    str wzr, [x23, #V_STATUS]
    mov w0, #1                      // ACKNOWLEDGE
    str w0, [x23, #V_STATUS]
    mov w0, #3                      // DRIVER
    str w0, [x23, #V_STATUS]
    str wzr, [x23, #V_DRIVER_FEATURES_SEL]
    mov w0, #FEATURE_MAC
    str w0, [x23, #V_DRIVER_FEATURES]
    mov w0, #1
    str w0, [x23, #V_DRIVER_FEATURES_SEL]
    mov w0, #FEATURE_VERSION_1
    str w0, [x23, #V_DRIVER_FEATURES]
    mov w0, #0xb                    // FEATURES_OK
    str w0, [x23, #V_STATUS]
    mov w0, #0
    adrp x1, receive_queue
    bl queue_on
    mov w0, #1
    adrp x1, transmit_queue
    bl queue_on
    bl give_buffers
    mov w0, #0xf                    // DRIVER_OK
    str w0, [x23, #V_STATUS]
    str wzr, [x23, #V_QUEUE_NOTIFY]
    mov x0, x24
    bl enable_interrupt
    adr x0, text_network
    bl puts
    ldp x29, x30, [sp], #16
    ret

    // Parts of a queue's page: descriptors, the driver's ring, the device's ring.
    .equ Q_DRIVER, 0x400
    .equ Q_DEVICE, 0x800
    .equ RING_INDEX, 2
    .equ RING, 4

// Sets up queue w0 in the page x1. Changes x2.
queue_on:
    str w0, [x23, #V_QUEUE_SEL]
    mov w2, #QUEUE_SIZE
    str w2, [x23, #V_QUEUE_NUM]
    lsr x2, x1, #32
    str w1, [x23, #V_DESCRIPTORS]
    str w2, [x23, #V_DESCRIPTORS + 4]
    add w0, w1, #Q_DRIVER
    str w0, [x23, #V_DRIVER_AREA]
    str w2, [x23, #V_DRIVER_AREA + 4]
    add w0, w1, #Q_DEVICE
    str w0, [x23, #V_DEVICE_AREA]
    str w2, [x23, #V_DEVICE_AREA + 4]
    mov w0, #1
    str w0, [x23, #V_QUEUE_READY]
    ret

// A buffer for each descriptor of the receive queue, all handed to the device.
give_buffers:
    adrp x0, receive_queue
    adrp x1, buffers
    mov w2, #1 << BUFFER_SHIFT
    mov w3, #2                      // WRITE
    mov w4, #0
    add x5, x0, #Q_DRIVER + RING
1:  str x1, [x0]
    str w2, [x0, #8]
    str w3, [x0, #12]               // flags, and no next
    strh w4, [x5], #2
    add x0, x0, #16
    add x1, x1, x2
    add w4, w4, #1
    cmp w4, #QUEUE_SIZE
    b.ne 1b
    adrp x0, receive_queue
    dmb ish
    strh w4, [x0, #Q_DRIVER + RING_INDEX]
    ret

// Handles all frames that have come, and gives their buffers back. x9: the receive queue, x10: the buffer behind the header,
// w11: bytes of the frame, w12: its descriptor. w13: how many were handled since the start.
read_frames:
    stp x29, x30, [sp, #-16]!
next_used:
    adrp x9, receive_queue
    adr x0, frames_seen
    ldrh w13, [x0]
    ldrh w1, [x9, #Q_DEVICE + RING_INDEX]
    cmp w1, w13
    b.eq 1f
    dmb ish
    and w1, w13, #QUEUE_SIZE - 1
    add x2, x9, #Q_DEVICE + RING
    add x2, x2, x1, lsl #3
    ldr w12, [x2]                   // id
    and w12, w12, #QUEUE_SIZE - 1
    ldr w11, [x2, #4]               // bytes written
    adrp x10, buffers
    add x10, x10, x12, lsl #BUFFER_SHIFT
    add x10, x10, #NET_HEADER
    sub w11, w11, #NET_HEADER
    cmp w11, #ARP_BYTES             // an echo request is no shorter
    b.lt next_frame
    ldrh w0, [x10, #F_TYPE]
    mov w1, #TYPE_ARP
    cmp w0, w1
    b.eq arp
    cmp w0, #TYPE_IPV4
    b.eq ipv4
next_frame:
    adrp x9, receive_queue
    adr x0, frames_seen
    ldrh w13, [x0]
    add w1, w13, #1
    strh w1, [x0]
    // The device has one buffer less than there are: the ring's index is the number handled, plus all buffers.
    and w2, w13, #QUEUE_SIZE - 1
    add x3, x9, #Q_DRIVER + RING
    strh w12, [x3, x2, lsl #1]
    dmb ish
    add w1, w1, #QUEUE_SIZE
    strh w1, [x9, #Q_DRIVER + RING_INDEX]
    dsb sy
    str wzr, [x23, #V_QUEUE_NOTIFY]
    b next_used
1:  ldp x29, x30, [sp], #16
    ret

// Who has this address? The question becomes the answer.
arp:
    ldrh w0, [x10, #ARP_OPERATION]
    cmp w0, #0x0100                 // request
    b.ne next_frame
    add x0, x10, #ARP_TARGET_IP
    bl is_own_ip
    b.ne next_frame
    mov w0, #0x0200                 // reply
    strh w0, [x10, #ARP_OPERATION]
    mov x3, #0                      // the sender becomes the target: 10 bytes
1:  add x4, x10, x3
    ldrh w0, [x4, #ARP_SENDER]
    strh w0, [x4, #ARP_TARGET]
    add x3, x3, #2
    cmp x3, #10
    b.ne 1b
    add x0, x10, #ARP_SENDER
    bl put_own_mac
    mov w0, #OWN_IP_HIGH
    strh w0, [x10, #ARP_SENDER + 6]
    mov w0, #OWN_IP_LOW
    strh w0, [x10, #ARP_SENDER + 8]
    mov w11, #ARP_BYTES
    b reply

// An echo request becomes the reply. The type changes by 8, the checksum with it (RFC 1624).
ipv4:
    ldrb w0, [x10, #IP_VERSION]
    cmp w0, #0x45                   // no options
    b.ne next_frame
    ldrb w0, [x10, #IP_PROTOCOL]
    cmp w0, #1
    b.ne next_frame
    ldrh w0, [x10, #IP_FRAGMENT]
    mov w1, #0xff3f                 // neither "more" nor an offset
    tst w0, w1
    b.ne next_frame
    add x0, x10, #IP_DESTINATION
    bl is_own_ip
    b.ne next_frame
    ldrh w0, [x10, #ICMP_TYPE]
    cmp w0, #8                      // echo request, code 0
    b.ne next_frame
    strh wzr, [x10, #ICMP_TYPE]
    ldrh w0, [x10, #ICMP_CHECKSUM]
    add w0, w0, #8                  // one's complement sums are the same in either byte order
    add w0, w0, w0, lsr #16
    strh w0, [x10, #ICMP_CHECKSUM]
    ldrh w0, [x10, #IP_SOURCE]
    ldrh w1, [x10, #IP_SOURCE + 2]
    strh w0, [x10, #IP_DESTINATION]
    strh w1, [x10, #IP_DESTINATION + 2]
    mov w0, #OWN_IP_HIGH
    strh w0, [x10, #IP_SOURCE]
    mov w0, #OWN_IP_LOW
    strh w0, [x10, #IP_SOURCE + 2]
    add w28, w28, #1

// Sends the frame back to where it came from, and waits until the device has it.
reply:
    mov x3, #0
1:  add x4, x10, x3
    ldrh w0, [x4, #F_SOURCE]
    strh w0, [x4, #F_DESTINATION]
    add x3, x3, #2
    cmp x3, #6
    b.ne 1b
    add x0, x10, #F_SOURCE
    bl put_own_mac
    sub x0, x10, #NET_HEADER
    str wzr, [x0]                   // the header: nothing left to do
    str wzr, [x0, #4]
    str wzr, [x0, #8]
    adrp x1, transmit_queue
    str x0, [x1]
    add w2, w11, #NET_HEADER
    str w2, [x1, #8]
    str wzr, [x1, #12]
    // Every entry of the driver's ring is descriptor 0.
    ldrh w2, [x1, #Q_DRIVER + RING_INDEX]
    add w2, w2, #1
    dmb ish
    strh w2, [x1, #Q_DRIVER + RING_INDEX]
    dsb sy
    mov w0, #1
    str w0, [x23, #V_QUEUE_NOTIFY]
    and w2, w2, #0xffff
1:  ldrh w0, [x1, #Q_DEVICE + RING_INDEX]
    cmp w0, w2
    b.ne 1b
    b next_frame

// Whether the address at x0 is this guest's: EQ. Changes x1, x2.
is_own_ip:
    ldrh w1, [x0]
    mov w2, #OWN_IP_HIGH
    cmp w1, w2
    b.ne 1f
    ldrh w1, [x0, #2]
    mov w2, #OWN_IP_LOW
    cmp w1, w2
1:  ret

// Writes the card's address to x0. Changes x1 to x3.
put_own_mac:
    mov x1, #0
    add x3, x23, #V_CONFIG
1:  ldrb w2, [x3, x1]
    strb w2, [x0, x1]
    add x1, x1, #1
    cmp x1, #6
    b.ne 1b
    ret

// ---------------------------------------------------------------------------------------------------------------------------
// The board.

// x0 if something answers there, else 0: an external abort skips the load and leaves 0.
probe:
    mov x1, x0
    ldr w2, [x1]
    ret

find_power_button:
    stp x29, x30, [sp, #-16]!
    ldr x0, =GPIO
    bl probe
    cbz x0, 1f
    mov w1, #POWER_BUTTON
    str w1, [x0, #GPIO_IEV]         // rising edge
    str w1, [x0, #GPIO_IC]
    str w1, [x0, #GPIO_IE]
    mov x0, #GPIO_INTERRUPT
    bl enable_interrupt
1:  ldp x29, x30, [sp], #16
    ret

// Enables shared interrupt x0, group 1, for this CPU. Changes x1 to x4.
enable_interrupt:
    ldr x1, =GICD
    lsr x2, x0, #5
    add x1, x1, x2, lsl #2
    mov w3, #1
    lsl w3, w3, w0
    ldr w4, [x1, #GICD_IGROUPR]
    orr w4, w4, w3
    str w4, [x1, #GICD_IGROUPR]
    str w3, [x1, #GICD_ISENABLER]
    ret

// A data abort in `probe` says that there is nothing; any other exception is the end.
synchronous:
    mrs x2, esr_el1
    lsr x2, x2, #26
    cmp x2, #0x25                   // data abort, same level
    b.ne unexpected
    adr x3, probe
    mrs x2, elr_el1
    sub x2, x2, x3
    cmp x2, #4                      // the load
    b.ne unexpected
    mov x0, #0
    add x3, x3, #8
    msr elr_el1, x3
    eret

unexpected:
    adr x0, text_unexpected
    bl puts
    mrs x0, esr_el1
    bl put_decimal
    adr x0, text_failed
    bl puts
    b off

    .balign 2048
vectors:
    .space 0x200
    b synchronous                   // EL1h
    .balign 128
    b unexpected
    .balign 128
    b unexpected
    .balign 128
    b unexpected
    .balign 128

// ---------------------------------------------------------------------------------------------------------------------------
// Text.

// Prints character w0. Changes w1.
putc:
    ldr w1, [x22, #UART_LSR]
    tbz w1, #LSR_THRE, putc
    str w0, [x22, #UART_THR]
    ret

// Prints the text at x0. Changes x0 to x2.
puts:
    mov x3, x30
    mov x2, x0
1:  ldrb w0, [x2], #1
    cbz w0, 2f
    bl putc
    b 1b
2:  ret x3

// Prints w0 as a decimal number.
put_decimal:
    stp x29, x30, [sp, #-32]!
    mov w1, #10
    udiv w2, w0, w1
    msub w0, w2, w1, w0
    str x0, [sp, #16]
    cbz w2, 1f
    mov w0, w2
    bl put_decimal
1:  ldr x0, [sp, #16]
    add w0, w0, #'0'
    bl putc
    ldp x29, x30, [sp], #32
    ret

// Prints w0, signed, in hundredths with two decimals.
put_hundredths:
    stp x29, x30, [sp, #-32]!
    str x0, [sp, #16]
    tbz w0, #31, 1f
    neg w0, w0
    str x0, [sp, #16]
    mov w0, #'-'
    bl putc
    ldr x0, [sp, #16]
1:  mov w1, #100
    udiv w0, w0, w1
    bl put_decimal
    mov w0, #'.'
    bl putc
    ldr x0, [sp, #16]
    mov w1, #100
    udiv w2, w0, w1
    msub w0, w2, w1, w0
    str x0, [sp, #16]
    cmp w0, #10
    b.hs 2f
    mov w0, #'0'
    bl putc
2:  ldr x0, [sp, #16]
    bl put_decimal
    ldp x29, x30, [sp], #32
    ret

    .ltorg

frames_seen:
    .word 0
text_start:
    .asciz "SAFETY-START\n"
text_region:
    .asciz "shared memory: client "
text_network:
    .asciz "network: 192.168.10.1\n"
text_ready:
    .asciz "SAFETY-READY\n"
text_hello:
    .asciz "the driver assistance system is there\n"
text_sample:
    .asciz "sample "
text_speed:
    .asciz ": "
text_wanted:
    .asciz " km/h, wanted "
text_limited:
    .asciz ", limited\n"
text_wrong:
    .asciz "a wrong message\n"
text_button:
    .asciz "power button\nSAFETY-OFF\n"
text_bye:
    .asciz "bye: "
text_exchanges:
    .asciz " exchanges, "
text_errors:
    .asciz " errors, "
text_echoes:
    .asciz " echoes\n"
text_done:
    .asciz "SAFETY-DONE\n"
text_failed:
    .asciz "SAFETY-FAILED\n"
text_unexpected:
    .asciz "unexpected exception, ESR "
text_newline:
    .asciz "\n"

    .balign 4096
receive_queue:
    .space 4096
transmit_queue:
    .space 4096
buffers:
    .space QUEUE_SIZE << BUFFER_SHIFT
stack:
    .space 4096
stack_end:
image_end:
