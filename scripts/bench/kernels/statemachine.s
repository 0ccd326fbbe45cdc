// Lists and a switch, as in CoreMark: walks a linked list of records; each record's kind selects a case by a jump table, and
// the case changes the state, the record or the hash. After each pass the list is reversed in place.
.equ STATEMACHINE_RECORDS, 1024
// A record: the next one, the kind, a value. 32 bytes.
.equ RECORD_NEXT, 0
.equ RECORD_KIND, 8
.equ RECORD_VALUE, 12
.equ RECORD_SHIFT, 5

statemachine:
  ldr x1, =ARENA
  mov x2, #0
  mov x3, #STATEMACHINE_RECORDS
  mov x4, #0x5bd1
1:
  eor x4, x4, x4, lsl #13
  eor x4, x4, x4, lsr #7
  eor x4, x4, x4, lsl #17
  sub x3, x3, #1
  add x5, x1, x3, lsl #RECORD_SHIFT
  and w6, w4, #7
  lsr w7, w4, #3
  str x2, [x5, #RECORD_NEXT]
  stp w6, w7, [x5, #RECORD_KIND]
  mov x2, x5
  cbnz x3, 1b
  mov x1, x2                    // the head
  mov w2, #0                    // the state
  mov x3, #0                    // the hash
  adr x4, statemachine_cases
2:
  mov x5, x1
3:
  ldp w6, w7, [x5, #RECORD_KIND]
  ldr w8, [x4, x6, lsl #2]
  add x8, x4, w8, sxtw
  br x8
statemachine_digit:
  add w2, w2, w2, lsl #2
  add w2, w7, w2, lsl #1
  b 4f
statemachine_sign:
  neg w2, w2
  b 4f
statemachine_point:
  lsr w2, w2, #3
  eor w2, w2, w7
  b 4f
statemachine_exponent:
  and w9, w7, #31
  ror w2, w2, w9
  b 4f
statemachine_compare:
  cmp w2, w7
  b.lo 4f
  sub w2, w2, w7
  b 4f
statemachine_store:
  eor w7, w7, w2, lsr #5
  str w7, [x5, #RECORD_VALUE]
  b 4f
statemachine_emit:
  eor x3, x2, x3, ror #7
  b 4f
statemachine_clear:
  add x3, x3, x2, lsl #1
  mov w2, w7
4:
  ldr x5, [x5, #RECORD_NEXT]
  cbnz x5, 3b
  mov x5, #0                    // reverses the list
5:
  ldr x6, [x1, #RECORD_NEXT]
  str x5, [x1, #RECORD_NEXT]
  mov x5, x1
  mov x1, x6
  cbnz x1, 5b
  mov x1, x5
  subs x0, x0, #1
  b.ne 2b
  mov x0, x3
  ret
  .ltorg

  .balign 4
statemachine_cases:
  .word statemachine_digit - statemachine_cases
  .word statemachine_sign - statemachine_cases
  .word statemachine_point - statemachine_cases
  .word statemachine_exponent - statemachine_cases
  .word statemachine_compare - statemachine_cases
  .word statemachine_store - statemachine_cases
  .word statemachine_emit - statemachine_cases
  .word statemachine_clear - statemachine_cases
