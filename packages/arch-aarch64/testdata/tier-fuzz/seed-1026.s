// setup: {"el":1,"mmu":true,"timer":0,"seed":3094653740,"step":997,"codePages":64}
again:
mov x26, #14
l6:
p0:
sub x26, x26, #1
cbnz x26, l6
adr x16, p0
str w17, [x16]
b.ne again
end:
