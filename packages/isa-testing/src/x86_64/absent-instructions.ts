/** Instructions that objdump knows and that no row has. */
interface Absent {
  /** The features, as their manuals name them; CPUID reports none of them. */
  readonly feature: string;
  /** Matches the text of an instruction without prefixes. */
  readonly text: RegExp;
}

const absent = (feature: string, text: RegExp): Absent => ({ feature, text });

const ABSENT: readonly Absent[] = [
  absent('MMX', /\bmm\d|^(emms|cvtpi2p[sd])\b/),
  absent('3DNow!', /^(femms|pf\w+|pi2f[dw]|pavgusb|pmulhrw|pswapd)\b/),
  absent('SSE4a', /^(extrq|insertq|movntss|movntsd)\b/),
  absent('SSE4', /^(pcmp[ei]str[im]q?|mpsadbw|phminposuw|maskmovdqu)\b/),
  absent('FMA4, XOP', /^v(fn?m(add|sub|addsub|subadd)[ps][sd]|permil2p[sd])\b/),
  absent('VAES, VPCLMULQDQ', /^v(aes\w+|pclmul\w+) ymm/),
  absent('GFNI', /^vgf2p8\w+/),
  absent('AVX-VNNI, AVX-IFMA, AVX-NE-CONVERT', /^(\{vex\} )?v(pdp\w+|pmadd52\w+|bcstne\w+|cvtne\w+)\b/),
  absent('AVX-512', /^k[a-z]+[bwdq]\b/),
  absent('VMX', /^(vmread|vmwrite|vmlaunch|vmresume|vmxon|vmxoff|vmclear|vmptrld|vmptrst|vmfunc|invept|invvpid)\b/),
  absent('SVM', /^(vmrun|vmload|vmsave|vmgexit|stgi|clgi|skinit|invlpga|invlpgb|tlbsync)\b/),
  absent('SEV-SNP', /^(pvalidate|psmash|rmp\w+)\b/),
  absent('TDX', /^(tdcall|seamcall|seamret|seamops)\b/),
  absent('SMX', /^getsec\b/),
  absent('test registers of the 80386', /^mov\b.*\btr\d/),
  absent('system management mode', /^rsm\b/),
  absent('SGX', /^encl[suv]\b/),
  absent('XSAVE', /^(xsave\w*|xrstor\w*|xgetbv|xsetbv)\b/),
  absent('AES, SHA, GFNI, PCLMULQDQ, Key Locker', /^(aes\w+|sha\d\w+|gf2p8\w+|pclmul\w+|loadiwkey|encodekey\w+)\b/),
  absent('BMI, ADX', /^(andn|bextr|bls\w+|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|adcx|adox|blc\w+|t1mskc|tzmsk)\b/),
  absent('RDRAND, RDSEED, RDPID, RDPRU', /^(rdrand|rdseed|rdpid|rdpru)\b/),
  absent('cache control', /^(clflushopt|clwb|clzero|cldemote)\b/),
  absent('protection keys', /^(rd|wr)pkru\b/),
  absent('direct stores', /^(movdiri|movdir64b|enqcmds?)\b/),
  absent('waiting', /^(monitorx?|mwaitx?|umonitor|umwait|tpause)\b/),
  absent('control-flow enforcement', /^(incssp[dq]|saveprevssp|rstorssp|wru?ss[dq]|setssbsy|clrssbsy)\b/),
  absent('PadLock', /^(montmul|xsha\d+|xstore-rng|xcrypt-\w+)\b/),
  absent('TSX', /^(xbegin[dw]?|xabort|xend|xtest|xsusldtrk|xresldtrk)\b/),
  absent('user interrupts', /^(senduipi|uiret|clui|stui|testui)\b/),
  absent(
    'FRED, HRESET, PTWRITE, PCONFIG, SERIALIZE, MCOMMIT',
    /^(hreset|ptwrite|pconfig|serialize|mcommit|rdmsrlist|wrmsrlist|wrmsrns)\b/,
  ),
  absent('lightweight profiling', /^(l|sl)wp(cb|val|ins)\b/),
  absent('AMX', /^(ldtilecfg|sttilecfg|tile\w+|tdp\w+)\b/),
  absent('AVX-NE, RAO-INT', /^(aadd|aand|aor|axor|cmp\w+xadd)\b/),
  absent('the environment of x87', /^(fn?stenv|fldenv|fn?save|frstor)[wd]?\b/),
  absent('FFREEP', /^ffreep\b/),
];

/** The feature that an instruction belongs to, if no row has it. @param text - without prefixes. */
export const absentFeature = (text: string): string | undefined =>
  ABSENT.find(({ text: pattern }) => pattern.test(text))?.feature;
