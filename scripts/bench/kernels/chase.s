// A chase of pointers around one cycle through all nodes, each on a cache line of its own; a pass is 65521 steps.
.equ CHASE_STEPS, 65521
.equ CHASE_NODE_SHIFT, 6

chase_256k:
  mov x1, #0x40000 >> CHASE_NODE_SHIFT
  b chase
chase_8m:
  mov x1, #0x800000 >> CHASE_NODE_SHIFT

// x0: passes, x1: nodes
chase:
  ldr x2, =ARENA
  mov x3, #0
1:
  add x4, x2, x3, lsl #CHASE_NODE_SHIFT
  str x4, [x4]                  // every node points to itself
  add x3, x3, #1
  cmp x3, x1
  b.ne 1b
  mov x5, #0x9e37               // Sattolo's shuffle makes one cycle of them
2:
  sub x3, x3, #1
  eor x5, x5, x5, lsl #13
  eor x5, x5, x5, lsr #7
  eor x5, x5, x5, lsl #17
  udiv x6, x5, x3
  msub x6, x6, x3, x5           // a random node below
  add x4, x2, x3, lsl #CHASE_NODE_SHIFT
  add x6, x2, x6, lsl #CHASE_NODE_SHIFT
  ldr x7, [x4]
  ldr x8, [x6]
  str x8, [x4]
  str x7, [x6]
  cmp x3, #1
  b.ne 2b
3:
  mov x3, #CHASE_STEPS
4:
  ldr x2, [x2]
  subs x3, x3, #1
  b.ne 4b
  subs x0, x0, #1
  b.ne 3b
  mov x0, x2
  ret
  .ltorg
