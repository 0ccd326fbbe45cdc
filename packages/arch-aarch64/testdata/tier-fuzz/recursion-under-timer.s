// setup: {"el":1,"mmu":true,"timer":67,"seed":1,"step":100000,"codePages":64}
// Calls that nest, recur, go through registers and across pages, and end in a jump, under interrupts; the time is read in between.
mov x24, #200
again:
mov x16, #7
bl recursive
adr x16, near
adr x17, far
tst x24, #1
csel x16, x16, x17, eq
blr x16
mrs x9, cntvct_el0
eor x8, x8, x9
subs x24, x24, #1
b.ne again
b end
recursive:
cbz x16, 1f
str x30, [x27, #-16]!
sub x16, x16, #1
add x5, x5, x16
bl recursive
ldr x30, [x27], #16
1:
ret
near:
add x6, x6, #1
b tail
tail:
adds x7, x7, x6, lsl #60
adc x4, x4, xzr
ret
.balign 4096
.space 4088
far:
str x30, [x27, #-16]!
eor x3, x3, x7
bl near
ldr x30, [x27], #16
ret
.balign 4
end:
