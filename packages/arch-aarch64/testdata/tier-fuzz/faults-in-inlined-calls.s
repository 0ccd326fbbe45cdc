// setup: {"el":0,"mmu":true,"timer":0,"seed":7,"step":997,"codePages":64}
// A function that is copied to where it is called reads what may be a hole, a read-only page, or two pages at once.
mov x24, #120
again:
and x16, x24, #7
add x1, x28, #0x2, lsl #12
add x1, x1, x16, lsl #11
sub x1, x1, #3
bl access
add x2, x2, x0
svc #1
subs x24, x24, #1
b.ne again
b end
access:
ldr x0, [x1]
adds x3, x3, x0
str x3, [x1], #8
ccmp x0, x3, #4, hi
cinc x4, x4, vs
ret
end:
