// setup: {"el":1,"mmu":true,"timer":0,"seed":1414461702,"step":100000,"codePages":6}
// A region of the loop waits for others to be translated when its first instruction is replaced.
bl f4
mov x25, #184
l0:
subs x25, x25, #1
b.ne l0
f4:
mov x26, #19
l19:
add x20, x20, #2048
p0:
.inst 0x5e0320e5 // sha1m q5, s7, v3.4s
isb
subs x26, x26, #1
b.ne l19
adr x16, p0
str w17, [x16]
ret
end:
