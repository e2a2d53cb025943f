;; Two loops over bytes, here because WebAssembly runs them several times faster than JavaScript. byte-search.ts holds
;; this file compiled and lays out the memory; its test compiles it anew and compares.
(module
  (memory (export "memory") 5)

  ;; The index of a word; -1 when it is not known. A slot is a word and its index, -1 in a free one; a word stands in the
  ;; first free slot from the one on that its hash names. $shift is 32 less the number of bits of a slot's number.
  (func $lookup (param $word i32) (param $slots i32) (param $shift i32) (result i32)
    (local $slot i32)
    (local $place i32)
    (local $index i32)
    (local.set $slot (i32.shr_u (i32.mul (local.get $word) (i32.const 0x9e3779b1)) (local.get $shift)))
    (loop $next
      (local.set $place (i32.add (local.get $slots) (i32.shl (local.get $slot) (i32.const 3))))
      (local.set $index (i32.load offset=4 (local.get $place)))
      (if (i32.or (i32.lt_s (local.get $index) (i32.const 0)) (i32.eq (i32.load (local.get $place)) (local.get $word)))
        (then (return (local.get $index))))
      (local.set $slot (i32.and (i32.add (local.get $slot) (i32.const 1)) (i32.shr_u (i32.const -1) (local.get $shift))))
      (br $next))
    (unreachable))

  ;; Where known words stand from $from up to $end (the end of the last whole word): the place and the index of each are
  ;; stored at $found; the result is their number. Each known word has its bit in the table of 2^18 bits, at the place that
  ;; its hash names: nearly every word of a text is passed after a look at one bit, and only the others are looked up.
  (func (export "find") (param $from i32) (param $end i32) (param $table i32) (param $slots i32) (param $shift i32) (param $found i32) (result i32)
    (local $at i32)
    (local $stop i32)
    (local $hash i32)
    (local $bits i32)
    (local $index i32)
    (local $next i32)
    (local.set $at (local.get $from))
    (local.set $next (local.get $found))
    (loop $scan
      ;; Four words at a time, while none of them has its bit. Written out: a call would cost more than what it does.
      (block $look
        (loop $four
          (br_if $look (i32.gt_s (i32.add (local.get $at) (i32.const 16)) (local.get $end)))
          (local.set $hash (i32.shr_u (i32.mul (i32.load (local.get $at)) (i32.const 0x9e3779b1)) (i32.const 14)))
          (local.set $bits (i32.shr_u (i32.load8_u (i32.add (local.get $table) (i32.shr_u (local.get $hash) (i32.const 3)))) (i32.and (local.get $hash) (i32.const 7))))
          (local.set $hash (i32.shr_u (i32.mul (i32.load offset=4 (local.get $at)) (i32.const 0x9e3779b1)) (i32.const 14)))
          (local.set $bits (i32.or (local.get $bits) (i32.shr_u (i32.load8_u (i32.add (local.get $table) (i32.shr_u (local.get $hash) (i32.const 3)))) (i32.and (local.get $hash) (i32.const 7)))))
          (local.set $hash (i32.shr_u (i32.mul (i32.load offset=8 (local.get $at)) (i32.const 0x9e3779b1)) (i32.const 14)))
          (local.set $bits (i32.or (local.get $bits) (i32.shr_u (i32.load8_u (i32.add (local.get $table) (i32.shr_u (local.get $hash) (i32.const 3)))) (i32.and (local.get $hash) (i32.const 7)))))
          (local.set $hash (i32.shr_u (i32.mul (i32.load offset=12 (local.get $at)) (i32.const 0x9e3779b1)) (i32.const 14)))
          (local.set $bits (i32.or (local.get $bits) (i32.shr_u (i32.load8_u (i32.add (local.get $table) (i32.shr_u (local.get $hash) (i32.const 3)))) (i32.and (local.get $hash) (i32.const 7)))))
          (br_if $look (i32.and (local.get $bits) (i32.const 1)))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br $four)))
      ;; One of the next four has, or fewer are left.
      (local.set $stop (i32.add (local.get $at) (i32.const 16)))
      (loop $one
        (if (i32.ge_s (local.get $at) (local.get $end))
          (then (return (i32.shr_u (i32.sub (local.get $next) (local.get $found)) (i32.const 3)))))
        (local.set $hash (i32.shr_u (i32.mul (i32.load (local.get $at)) (i32.const 0x9e3779b1)) (i32.const 14)))
        (if (i32.and (i32.const 1) (i32.shr_u (i32.load8_u (i32.add (local.get $table) (i32.shr_u (local.get $hash) (i32.const 3)))) (i32.and (local.get $hash) (i32.const 7))))
          (then
            (local.set $index (call $lookup (i32.load (local.get $at)) (local.get $slots) (local.get $shift)))
            (if (i32.ge_s (local.get $index) (i32.const 0))
              (then
                (i32.store (local.get $next) (i32.sub (local.get $at) (local.get $from)))
                (i32.store offset=4 (local.get $next) (local.get $index))
                (local.set $next (i32.add (local.get $next) (i32.const 8)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $one (i32.lt_s (local.get $at) (local.get $stop))))
      (br $scan))
    (unreachable))

  ;; Line breaks from $at up to $end, which lie a multiple of 16 apart.
  (func (export "breaks") (param $at i32) (param $end i32) (result i32)
    (local $count i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_s (local.get $at) (local.get $end)))
        (local.set $count (i32.add (local.get $count)
          (i32.popcnt (i8x16.bitmask (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (i32.const 10)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (local.get $count))
)
