;; Compresses by Deflate: turns bytes into tokens (repetitions and literals), and tokens into bits. gzip.ts holds this
;; file compiled, makes the codes of each block and writes the data around them; its test compiles the file again and
;; compares. Addresses in the memory:
;;
;;        0  bits that do not fill a byte yet (eight bytes), their number, and the address of the next output byte (four
;;           bytes each)
;;     1024  symbol of each length of a repetition, minus 257: one byte each
;;     1536  symbol of each distance minus one: one byte each for those below 256, then one for each 128
;;     2048  least distance minus one of each distance symbol; at 2176 its number of extra bits: four bytes each
;;     2304  codes of the distances; at 4096 those of the literals; at 5376 those of the lengths with their extra bits,
;;           by length. Each has the bits, and their number in the last byte
;;     2560  number of occurrences of each literal and length; at 3712 of each distance
;;     8192  last address of the bytes with each of 2^14 hashes of six bytes
;;    73728  tokens, four bytes each: a literal; or a length at bit 16, the distance minus one in the low bits, and the
;;           highest bit set
;;  1122304  bytes before the block, as many as the longest distance, and the block itself; the bytes after it are read
;;           too
;;  1441792  output bits
(module
  (memory (export "memory") 27)

  ;; Makes tokens of the bytes from $at up to $end and counts their symbols. Returns the end of the tokens.
  (func (export "find") (param $at i32) (param $end i32) (result i32)
    (local $token i32)
    (local $word i32)
    (local $slot i32)
    (local $before i32)
    (local $length i32)
    (local $differ i32)
    (local $place i32)
    (local.set $token (i32.const 73728))
    (block $rest
      (loop $next
        (br_if $rest (i32.gt_s (i32.add (local.get $at) (i32.const 4)) (local.get $end)))
        (local.set $word (i32.load (local.get $at)))
        (local.set $slot
          (i32.and
            (i32.wrap_i64
              (i64.shr_u
                (i64.mul
                  (i64.shl (i64.load (local.get $at)) (i64.const 16))
                  (i64.const 0x9e3779b185ebca87))
                (i64.const 48)))
            (i32.const 0xfffc)))
        (local.set $before (i32.load offset=8192 (local.get $slot)))
        (i32.store offset=8192 (local.get $slot) (local.get $at))
        (if
          (i32.and
            (i32.eq (i32.load (local.get $before)) (local.get $word))
            (i32.le_u (i32.sub (local.get $at) (local.get $before)) (i32.const 32768)))
          (then
            (local.set $length (i32.const 4))
            (block $found
              (loop $sixteen
                (local.set $differ
                  (i32.xor
                    (i32.const 0xffff)
                    (i8x16.bitmask
                      (i8x16.eq
                        (v128.load (i32.add (local.get $at) (local.get $length)))
                        (v128.load (i32.add (local.get $before) (local.get $length)))))))
                (if (local.get $differ)
                  (then
                    (local.set $length (i32.add (local.get $length) (i32.ctz (local.get $differ))))
                    (br $found)))
                (local.set $length (i32.add (local.get $length) (i32.const 16)))
                (br_if $sixteen (i32.lt_u (local.get $length) (i32.const 258)))))
            (local.set $length
              (select (local.get $length) (i32.const 258) (i32.lt_u (local.get $length) (i32.const 258))))
            (if (i32.gt_u (i32.add (local.get $at) (local.get $length)) (local.get $end))
              (then (local.set $length (i32.sub (local.get $end) (local.get $at)))))
            (local.set $before (i32.sub (i32.sub (local.get $at) (local.get $before)) (i32.const 1)))
            (i32.store
              (local.get $token)
              (i32.or
                (i32.const 0x80000000)
                (i32.or (i32.shl (local.get $length) (i32.const 16)) (local.get $before))))
            (local.set $token (i32.add (local.get $token) (i32.const 4)))
            (local.set $place (i32.shl (i32.load8_u offset=1024 (local.get $length)) (i32.const 2)))
            (i32.store offset=3588
              (local.get $place)
              (i32.add (i32.load offset=3588 (local.get $place)) (i32.const 1)))
            (local.set $place
              (i32.shl
                (i32.load8_u offset=1536
                  (select
                    (local.get $before)
                    (i32.add (i32.const 256) (i32.shr_u (local.get $before) (i32.const 7)))
                    (i32.lt_u (local.get $before) (i32.const 256))))
                (i32.const 2)))
            (i32.store offset=3712
              (local.get $place)
              (i32.add (i32.load offset=3712 (local.get $place)) (i32.const 1)))
            (local.set $at (i32.add (local.get $at) (local.get $length)))
            (br $next)))
        (local.set $word (i32.and (local.get $word) (i32.const 255)))
        (i32.store (local.get $token) (local.get $word))
        (local.set $token (i32.add (local.get $token) (i32.const 4)))
        (local.set $place (i32.shl (local.get $word) (i32.const 2)))
        (i32.store offset=2560
          (local.get $place)
          (i32.add (i32.load offset=2560 (local.get $place)) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (block $done
      (loop $literal
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $word (i32.load8_u (local.get $at)))
        (i32.store (local.get $token) (local.get $word))
        (local.set $token (i32.add (local.get $token) (i32.const 4)))
        (local.set $place (i32.shl (local.get $word) (i32.const 2)))
        (i32.store offset=2560
          (local.get $place)
          (i32.add (i32.load offset=2560 (local.get $place)) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $literal)))
    (local.get $token))

  ;; Keeps the last bytes of a block of $length as those before the next block.
  (func (export "slide") (param $length i32)
    (local $slot i32)
    (memory.copy
      (i32.const 1122304)
      (i32.add (i32.const 1122304) (local.get $length))
      (i32.const 32768))
    (loop $four
      (v128.store offset=8192
        (local.get $slot)
        (i32x4.max_s
          (i32x4.sub (v128.load offset=8192 (local.get $slot)) (i32x4.splat (local.get $length)))
          (v128.const i32x4 0 0 0 0)))
      (local.set $slot (i32.add (local.get $slot) (i32.const 16)))
      (br_if $four (i32.lt_u (local.get $slot) (i32.const 65536)))))

  ;; Forgets all earlier bytes.
  (func (export "clear")
    (memory.fill (i32.const 8192) (i32.const 0) (i32.const 65536)))

  ;; Writes $count bits of $value, at most 32.
  (func (export "put") (param $value i32) (param $count i32)
    (local $bits i64)
    (local $held i32)
    (local.set $held (i32.load (i32.const 8)))
    (local.set $bits
      (i64.or
        (i64.load (i32.const 0))
        (i64.shl (i64.extend_i32_u (local.get $value)) (i64.extend_i32_u (local.get $held)))))
    (local.set $held (i32.add (local.get $held) (local.get $count)))
    (i64.store (i32.load (i32.const 12)) (local.get $bits))
    (i32.store (i32.const 12) (i32.add (i32.load (i32.const 12)) (i32.shr_u (local.get $held) (i32.const 3))))
    (i64.store
      (i32.const 0)
      (i64.shr_u (local.get $bits) (i64.extend_i32_u (i32.and (local.get $held) (i32.const 0x38)))))
    (i32.store (i32.const 8) (i32.and (local.get $held) (i32.const 7))))

  ;; Writes the tokens up to $end in the codes of the block.
  (func (export "encode") (param $end i32)
    (local $token i32)
    (local $out i32)
    (local $bits i64)
    (local $held i64)
    (local $what i32)
    (local $code i32)
    (local $symbol i32)
    (local.set $token (i32.const 73728))
    (local.set $bits (i64.load (i32.const 0)))
    (local.set $held (i64.load32_u (i32.const 8)))
    (local.set $out (i32.load (i32.const 12)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $token) (local.get $end)))
        (local.set $what (i32.load (local.get $token)))
        (local.set $token (i32.add (local.get $token) (i32.const 4)))
        (if (i32.ge_s (local.get $what) (i32.const 0))
          (then
            (local.set $code (i32.load offset=4096 (i32.shl (local.get $what) (i32.const 2))))
            (local.set $bits
              (i64.or
                (local.get $bits)
                (i64.shl (i64.extend_i32_u (i32.and (local.get $code) (i32.const 0xffffff))) (local.get $held))))
            (local.set $held
              (i64.add (local.get $held) (i64.extend_i32_u (i32.shr_u (local.get $code) (i32.const 24))))))
          (else
            (local.set $code
              (i32.load offset=5376
                (i32.shl
                  (i32.and (i32.shr_u (local.get $what) (i32.const 16)) (i32.const 0x1ff))
                  (i32.const 2))))
            (local.set $bits
              (i64.or
                (local.get $bits)
                (i64.shl (i64.extend_i32_u (i32.and (local.get $code) (i32.const 0xffffff))) (local.get $held))))
            (local.set $held
              (i64.add (local.get $held) (i64.extend_i32_u (i32.shr_u (local.get $code) (i32.const 24)))))
            (local.set $what (i32.and (local.get $what) (i32.const 0x7fff)))
            (local.set $symbol
              (i32.shl
                (i32.load8_u offset=1536
                  (select
                    (local.get $what)
                    (i32.add (i32.const 256) (i32.shr_u (local.get $what) (i32.const 7)))
                    (i32.lt_u (local.get $what) (i32.const 256))))
                (i32.const 2)))
            (local.set $code (i32.load offset=2304 (local.get $symbol)))
            (local.set $bits
              (i64.or
                (local.get $bits)
                (i64.shl (i64.extend_i32_u (i32.and (local.get $code) (i32.const 0xffffff))) (local.get $held))))
            (local.set $held
              (i64.add (local.get $held) (i64.extend_i32_u (i32.shr_u (local.get $code) (i32.const 24)))))
            (local.set $bits
              (i64.or
                (local.get $bits)
                (i64.shl
                  (i64.extend_i32_u (i32.sub (local.get $what) (i32.load offset=2048 (local.get $symbol))))
                  (local.get $held))))
            (local.set $held
              (i64.add (local.get $held) (i64.load32_u offset=2176 (local.get $symbol))))))
        (i64.store (local.get $out) (local.get $bits))
        (local.set $out (i32.add (local.get $out) (i32.wrap_i64 (i64.shr_u (local.get $held) (i64.const 3)))))
        (local.set $bits (i64.shr_u (local.get $bits) (i64.and (local.get $held) (i64.const 0x38))))
        (local.set $held (i64.and (local.get $held) (i64.const 7)))
        (br $next)))
    (i64.store (i32.const 0) (local.get $bits))
    (i32.store (i32.const 8) (i32.wrap_i64 (local.get $held)))
    (i32.store (i32.const 12) (local.get $out))))
