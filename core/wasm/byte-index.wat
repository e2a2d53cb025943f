;; Sets a bit, in one pass, where certain bytes and texts are, in WebAssembly because it examines sixteen bytes at a time.
;; byte-index.ts holds this file compiled and fills the memory; its test compiles the file again and compares. Addresses in
;; the memory:
;;
;;        0  three texts of three bytes, each byte sixteen times; lower-case letters also stand for capitals
;;     4096  tag of the known text for each of 2^14 hashes of four bytes: eight of the bits that the hash drops, with
;;           the last bit set; 0 for none
;;    24576  eight tables of 256 words each: the contribution of a byte to the CRC32, by its distance to the last of
;;           eight bytes
;;    65536  one bit for each examined byte: it is a line break
;;   131072  one bit: it is a control character other than line break and tab, or not ASCII
;;   196608  one bit: JSON writes it with a backslash (quotation mark, backslash, tab)
;;   262144  one bit: one of the texts, or of the known four bytes, begins here
;;   327680  the bytes; those after them are read as well
(module
  (memory (export "memory") 14)

  ;; Sets the bits of the bytes up to $end in whole blocks of 64. It calls no function, because calls would take twice as long.
  (func (export "scan") (param $end i32)
    (local $at i32)
    (local $next i32)
    (local $out i32)
    (local $hash i32)
    (local $bit i64)
    (local $bytes v128)
    (local $first v128)
    (local $second v128)
    (local $third v128)
    (local $breaks i64)
    (local $odd i64)
    (local $escapes i64)
    (local $hits i64)
    (local.set $at (i32.const 327680))
    (block $done
      (loop $block
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $breaks (i64.const 0))
        (local.set $odd (i64.const 0))
        (local.set $escapes (i64.const 0))
        (local.set $hits (i64.const 0))
        (local.set $bit (i64.const 0))
        (loop $sixteen
          (local.set $next (i32.add (local.get $at) (i32.wrap_i64 (local.get $bit))))
          (local.set $bytes (v128.load (local.get $next)))
          (local.set $breaks
            (i64.or (local.get $breaks) (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 10))))) (local.get $bit))))
          (local.set $odd
            (i64.or (local.get $odd) (i64.shl (i64.extend_i32_u (i8x16.bitmask 
              (v128.or
                (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 127)))
                (v128.andnot
                  (i8x16.lt_s (local.get $bytes) (i8x16.splat (i32.const 32)))
                  (v128.or (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 10))) (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 9)))))))) (local.get $bit))))
          (local.set $escapes
            (i64.or (local.get $escapes) (i64.shl (i64.extend_i32_u (i8x16.bitmask 
              (v128.or (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 34))) (v128.or (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 92))) (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 9))))))) (local.get $bit))))
          (local.set $first (v128.or (local.get $bytes) (i8x16.splat (i32.const 32))))
          (local.set $second (v128.or (v128.load offset=1 (local.get $next)) (i8x16.splat (i32.const 32))))
          (local.set $third (v128.or (v128.load offset=2 (local.get $next)) (i8x16.splat (i32.const 32))))
          (local.set $hits
            (i64.or (local.get $hits) (i64.shl (i64.extend_i32_u (i8x16.bitmask 
              (v128.or
                (v128.or
              (v128.and
                (v128.and
                  (i8x16.eq (local.get $first) (v128.load (i32.const 0)))
                  (i8x16.eq (local.get $second) (v128.load offset=16 (i32.const 0))))
                (i8x16.eq (local.get $third) (v128.load offset=32 (i32.const 0))))
              (v128.and
                (v128.and
                  (i8x16.eq (local.get $first) (v128.load offset=48 (i32.const 0)))
                  (i8x16.eq (local.get $second) (v128.load offset=64 (i32.const 0))))
                (i8x16.eq (local.get $third) (v128.load offset=80 (i32.const 0)))))
              (v128.and
                (v128.and
                  (i8x16.eq (local.get $first) (v128.load offset=96 (i32.const 0)))
                  (i8x16.eq (local.get $second) (v128.load offset=112 (i32.const 0))))
                (i8x16.eq (local.get $third) (v128.load offset=128 (i32.const 0))))))) (local.get $bit))))
          (local.set $bit (i64.add (local.get $bit) (i64.const 16)))
          (br_if $sixteen (i64.lt_u (local.get $bit) (i64.const 64))))
        (local.set $bit (i64.const 0))
        (loop $four
          (local.set $next (i32.add (local.get $at) (i32.wrap_i64 (local.get $bit))))
          (local.set $hits
            (i64.or
              (local.get $hits)
              (i64.shl
                (i64.or
                  (i64.or
                    (i64.extend_i32_u
                      (i32.eq
                        (i32.load8_u offset=4096
                          (i32.shr_u
                            (local.tee $hash (i32.mul (i32.or (i32.load (local.get $next)) (i32.const 0x20202020)) (i32.const 0x9e3779b1)))
                            (i32.const 18)))
                        (i32.or (i32.and (i32.shr_u (local.get $hash) (i32.const 10)) (i32.const 255)) (i32.const 1))))
                    (i64.shl (i64.extend_i32_u
                      (i32.eq
                        (i32.load8_u offset=4096
                          (i32.shr_u
                            (local.tee $hash (i32.mul (i32.or (i32.load offset=1 (local.get $next)) (i32.const 0x20202020)) (i32.const 0x9e3779b1)))
                            (i32.const 18)))
                        (i32.or (i32.and (i32.shr_u (local.get $hash) (i32.const 10)) (i32.const 255)) (i32.const 1)))) (i64.const 1)))
                  (i64.or
                    (i64.shl (i64.extend_i32_u
                      (i32.eq
                        (i32.load8_u offset=4096
                          (i32.shr_u
                            (local.tee $hash (i32.mul (i32.or (i32.load offset=2 (local.get $next)) (i32.const 0x20202020)) (i32.const 0x9e3779b1)))
                            (i32.const 18)))
                        (i32.or (i32.and (i32.shr_u (local.get $hash) (i32.const 10)) (i32.const 255)) (i32.const 1)))) (i64.const 2))
                    (i64.shl (i64.extend_i32_u
                      (i32.eq
                        (i32.load8_u offset=4096
                          (i32.shr_u
                            (local.tee $hash (i32.mul (i32.or (i32.load offset=3 (local.get $next)) (i32.const 0x20202020)) (i32.const 0x9e3779b1)))
                            (i32.const 18)))
                        (i32.or (i32.and (i32.shr_u (local.get $hash) (i32.const 10)) (i32.const 255)) (i32.const 1)))) (i64.const 3))))
                (local.get $bit))))
          (local.set $bit (i64.add (local.get $bit) (i64.const 4)))
          (br_if $four (i64.lt_u (local.get $bit) (i64.const 64))))
        (local.set $out (i32.shr_u (i32.sub (local.get $at) (i32.const 327680)) (i32.const 3)))
        (i64.store offset=65536 (local.get $out) (local.get $breaks))
        (i64.store offset=131072 (local.get $out) (local.get $odd))
        (i64.store offset=196608 (local.get $out) (local.get $escapes))
        (i64.store offset=262144 (local.get $out) (local.get $hits))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $block))))

  ;; Extends the CRC32 $crc by the bytes from $at up to $end, eight at a time.
  (func (export "sum") (param $at i32) (param $end i32) (param $crc i32) (result i32)
    (local $low i32)
    (local $high i32)
    (local.set $crc (i32.xor (local.get $crc) (i32.const -1)))
    (block $few
      (loop $eight
        (br_if $few (i32.gt_u (i32.add (local.get $at) (i32.const 8)) (local.get $end)))
        (local.set $low (i32.xor (i32.load (local.get $at)) (local.get $crc)))
        (local.set $high (i32.load offset=4 (local.get $at)))
        (local.set $crc
          (i32.xor
            (i32.xor
              (i32.xor
                (i32.load offset=31744 (i32.shl (i32.and (local.get $low) (i32.const 255)) (i32.const 2)))
                (i32.load offset=30720 (i32.and (i32.shr_u (local.get $low) (i32.const 6)) (i32.const 1020))))
              (i32.xor
                (i32.load offset=29696 (i32.and (i32.shr_u (local.get $low) (i32.const 14)) (i32.const 1020)))
                (i32.load offset=28672 (i32.shl (i32.shr_u (local.get $low) (i32.const 24)) (i32.const 2)))))
            (i32.xor
              (i32.xor
                (i32.load offset=27648 (i32.shl (i32.and (local.get $high) (i32.const 255)) (i32.const 2)))
                (i32.load offset=26624 (i32.and (i32.shr_u (local.get $high) (i32.const 6)) (i32.const 1020))))
              (i32.xor
                (i32.load offset=25600 (i32.and (i32.shr_u (local.get $high) (i32.const 14)) (i32.const 1020)))
                (i32.load offset=24576 (i32.shl (i32.shr_u (local.get $high) (i32.const 24)) (i32.const 2)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $eight)))
    (block $done
      (loop $one
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $crc
          (i32.xor
            (i32.shr_u (local.get $crc) (i32.const 8))
            (i32.load offset=24576
              (i32.shl
                (i32.and (i32.xor (local.get $crc) (i32.load8_u (local.get $at))) (i32.const 255))
                (i32.const 2)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $one)))
    (i32.xor (local.get $crc) (i32.const -1)))

  ;; Returns 1 if the bytes from $at up to $end are one frame of a stack trace and nothing else: a tab, `at `, a name
  ;; with a dot in it, text in parentheses, and then either nothing or a blank and one word that ends with `]`.
  (func (export "frame") (param $at i32) (param $end i32) (result i32)
    (local $bytes v128)
    (local $found i32)
    (local $dots i32)
    (if (i32.or (i32.le_u (local.get $end) (i32.add (local.get $at) (i32.const 4)))
        (i32.ne (i32.load (local.get $at)) (i32.const 0x20746109)))
      (then (return (i32.const 0))))
    (local.set $at (i32.add (local.get $at) (i32.const 4)))
    (block $bracket
      (loop $name
        (local.set $bytes (v128.load (local.get $at)))
        (local.set $found
          (i8x16.bitmask
            (v128.or
              (i8x16.le_u (local.get $bytes) (i8x16.splat (i32.const 32)))
              (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 40))))))
        (if (local.get $found)
          (then
            (local.set $found (i32.ctz (local.get $found)))
            (local.set $dots
              (i32.or
                (local.get $dots)
                (i32.and
                  (i8x16.bitmask (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 46))))
                  (i32.sub (i32.shl (i32.const 1) (local.get $found)) (i32.const 1)))))
            (local.set $at (i32.add (local.get $at) (local.get $found)))
            (br $bracket)))
        (local.set $dots
          (i32.or
            (local.get $dots)
            (i8x16.bitmask (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 46))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $name (i32.lt_u (local.get $at) (local.get $end)))))
    (if
      (i32.or
        (i32.eqz (local.get $dots))
        (i32.or
          (i32.ge_u (local.get $at) (local.get $end))
          (i32.ne (i32.load8_u (local.get $at)) (i32.const 40))))
      (then (return (i32.const 0))))
    (block $closed
      (loop $place
        (local.set $found
          (i8x16.bitmask (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (i32.const 41)))))
        (if (local.get $found)
          (then
            (local.set $at (i32.add (local.get $at) (i32.add (i32.ctz (local.get $found)) (i32.const 1))))
            (br $closed)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $place (i32.lt_u (local.get $at) (local.get $end))))
      (return (i32.const 0)))
    (if (i32.eq (local.get $at) (local.get $end)) (then (return (i32.const 1))))
    (if (i32.or (i32.gt_u (local.get $at) (local.get $end)) (i32.ne (i32.load8_u (local.get $at)) (i32.const 32)))
      (then (return (i32.const 0))))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (block $word
      (loop $more
        (br_if $word (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $bytes (v128.load (local.get $at)))
        (local.set $found
          (i8x16.bitmask
            (v128.or
              (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 32)))
              (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 9))))))
        (if (local.get $found)
          (then
            (if (i32.lt_u (i32.add (local.get $at) (i32.ctz (local.get $found))) (local.get $end))
              (then (return (i32.const 0))))
            (br $word)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $more)))
    (i32.eq (i32.load8_u (i32.sub (local.get $end) (i32.const 1))) (i32.const 93))))
