;; Finds known texts and counts line breaks. These two loops are written here because WebAssembly runs them several
;; times faster than JavaScript. byte-search.ts holds this file compiled and fills the memory; its test compiles the
;; file again and compares. Addresses in the memory:
;;
;;        0  address where find stopped
;;        4  address of the text for which only the last find of a run is wanted, 0 for none
;;        8  number of bytes after its number that must be equal within a run
;;    65536  finds: pairs of an address and the number of a place; room for 16384 and for the places of one more word
;;   266240  bytes that are searched; texts may extend into the 4096 bytes before and after them
;;   393216  tag of the known word for each of 2^20 hashes: eight of the bits that the hash drops, with the last bit
;;           set; 0 for no word, 255 for several
;;  1441792  slots: pairs of a word and the number of its first place; -1 in a free slot
;;  $places  words of texts, 16 bytes each: the number of the next place of the same word (-1 after the last), the
;;           address and length of the text, the offset of the word in the text
(module
  (memory (export "memory") 22)

  ;; Returns the first place of a word, or -1 if it is not known. A word is in the first free slot at or after the one
  ;; that its hash names. $shift is 32 minus the number of bits of a slot number.
  (func $lookup (param $word i32) (param $shift i32) (result i32)
    (local $slot i32)
    (local $address i32)
    (local $place i32)
    (local.set $slot (i32.shr_u (i32.mul (local.get $word) (i32.const 0x9e3779b1)) (local.get $shift)))
    (loop $next
      (local.set $address (i32.add (i32.const 1441792) (i32.shl (local.get $slot) (i32.const 3))))
      (local.set $place (i32.load offset=4 (local.get $address)))
      (if (i32.or (i32.lt_s (local.get $place) (i32.const 0)) (i32.eq (i32.load (local.get $address)) (local.get $word)))
        (then (return (local.get $place))))
      (local.set $slot (i32.and (i32.add (local.get $slot) (i32.const 1)) (i32.shr_u (i32.const -1) (local.get $shift))))
      (br $next))
    (unreachable))

  ;; Returns 1 if the bytes at $at are those of the text. A blank in the text matches any white space.
  (func $fits (param $at i32) (param $text i32) (param $length i32) (result i32)
    (local $end i32)
    (local $rest i32)
    (local $byte i32)
    (local $wanted i32)
    (local.set $end (i32.add (local.get $text) (local.get $length)))
    ;; Compares eight bytes at a time as long as they are equal.
    (block $differs
      (loop $eight
        (br_if $differs (i32.gt_u (i32.add (local.get $text) (i32.const 8)) (local.get $end)))
        (br_if $differs (i64.ne (i64.load (local.get $at)) (i64.load (local.get $text))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (local.set $text (i32.add (local.get $text) (i32.const 8)))
        (br $eight)))
    (if (i32.eq (local.get $text) (local.get $end)) (then (return (i32.const 1))))
    ;; Compares the last eight bytes if fewer than eight are left.
    (local.set $rest (i32.sub (local.get $end) (local.get $text)))
    (if (i32.and (i32.ge_u (local.get $length) (i32.const 8)) (i32.lt_u (local.get $rest) (i32.const 8)))
      (then
        (if (i64.eq (i64.load (i32.sub (i32.add (local.get $at) (local.get $rest)) (i32.const 8))) (i64.load (i32.sub (local.get $end) (i32.const 8))))
          (then (return (i32.const 1))))))
    (loop $next
      (local.set $byte (i32.load8_u (local.get $at)))
      (local.set $wanted (i32.load8_u (local.get $text)))
      (if (i32.ne (local.get $byte) (local.get $wanted))
        (then
          (if (i32.ne (local.get $wanted) (i32.const 32)) (then (return (i32.const 0))))
          (if (i32.eqz (i32.or (i32.eq (local.get $byte) (i32.const 9)) (i32.or (i32.eq (local.get $byte) (i32.const 10)) (i32.eq (local.get $byte) (i32.const 13)))))
            (then (return (i32.const 0))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $text (i32.add (local.get $text) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $text) (local.get $end))))
    (i32.const 1))

  ;; Returns the address after a text and the number that follows it. The word of the text is at $at.
  (func $behind (param $at i32) (param $record i32) (result i32)
    (local.set $at (i32.add (i32.sub (local.get $at) (i32.load offset=12 (local.get $record))) (i32.load offset=8 (local.get $record))))
    (loop $digits
      (if (i32.lt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)) (i32.const 10))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $digits))))
    (local.get $at))

  ;; Returns 1 if $length bytes are equal at both addresses. Compares eight at a time and at last the last eight; fewer
  ;; than eight are compared one by one.
  (func $equal (param $at i32) (param $other i32) (param $length i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (if (i32.ge_u (local.get $length) (i32.const 8))
      (then
        (loop $eight
          (if (i64.ne (i64.load (local.get $at)) (i64.load (local.get $other))) (then (return (i32.const 0))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (local.set $other (i32.add (local.get $other) (i32.const 8)))
          (br_if $eight (i32.le_u (i32.add (local.get $at) (i32.const 8)) (local.get $end))))
        (local.set $length (i32.sub (i32.sub (local.get $end) (local.get $at)) (i32.const 8)))
        (return (i64.eq (i64.load (i32.add (local.get $at) (local.get $length))) (i64.load (i32.add (local.get $other) (local.get $length)))))))
    (loop $one
      (if (i32.eq (local.get $at) (local.get $end)) (then (return (i32.const 1))))
      (if (i32.ne (i32.load8_u (local.get $at)) (i32.load8_u (local.get $other))) (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $other (i32.add (local.get $other) (i32.const 1)))
      (br $one))
    (unreachable))

  ;; Removes the earlier find that the find at $at makes unnecessary: one of the last eight before $next with the same
  ;; bytes after its number. The search goes back only as long as the finds are of the same text. Returns the address
  ;; after the last stored find.
  (func $supersede (param $at i32) (param $record i32) (param $high i32) (param $places i32) (param $next i32) (result i32)
    (local $known i32)
    (local $last i32)
    (local $behind i32)
    (local.set $known (local.get $next))
    (local.set $behind (call $behind (local.get $at) (local.get $record)))
    (if (i32.gt_s (i32.add (local.get $behind) (i32.load (i32.const 8))) (local.get $high)) (then (return (local.get $next))))
    (block $none
      (loop $back
        (br_if $none (i32.or (i32.eq (local.get $known) (i32.const 65536)) (i32.eq (i32.sub (local.get $next) (local.get $known)) (i32.const 64))))
        (local.set $known (i32.sub (local.get $known) (i32.const 8)))
        (local.set $last (i32.add (local.get $places) (i32.shl (i32.load offset=4 (local.get $known)) (i32.const 4))))
        (br_if $none (i32.ne (i32.load offset=4 (local.get $last)) (i32.load offset=4 (local.get $record))))
        (br_if $back (i32.eqz (call $equal (local.get $behind) (call $behind (i32.load (local.get $known)) (local.get $last)) (i32.load (i32.const 8))))))
      (memory.copy (local.get $known) (i32.add (local.get $known) (i32.const 8)) (i32.sub (i32.sub (local.get $next) (local.get $known)) (i32.const 8)))
      (return (i32.sub (local.get $next) (i32.const 8))))
    (local.get $next))

  ;; Stores the texts of the word at $at that are present there within $low to $high. Returns the address after the last
  ;; stored find.
  (func $store (param $at i32) (param $low i32) (param $high i32) (param $place i32) (param $places i32) (param $next i32) (result i32)
    (local $record i32)
    (local $start i32)
    (local $length i32)
    (loop $each
      (local.set $record (i32.add (local.get $places) (i32.shl (local.get $place) (i32.const 4))))
      (local.set $start (i32.sub (local.get $at) (i32.load offset=12 (local.get $record))))
      (local.set $length (i32.load offset=8 (local.get $record)))
      (if (i32.and (i32.ge_s (local.get $start) (local.get $low)) (i32.le_s (i32.add (local.get $start) (local.get $length)) (local.get $high)))
        (then
          (if (call $fits (local.get $start) (i32.load offset=4 (local.get $record)) (local.get $length))
            (then
              (if (i32.eq (i32.load offset=4 (local.get $record)) (i32.load (i32.const 4)))
                (then (local.set $next (call $supersede (local.get $at) (local.get $record) (local.get $high) (local.get $places) (local.get $next)))))
              (i32.store (local.get $next) (local.get $at))
              (i32.store offset=4 (local.get $next) (local.get $place))
              (local.set $next (i32.add (local.get $next) (i32.const 8)))))))
      (local.set $place (i32.load (local.get $record)))
      (br_if $each (i32.ge_s (local.get $place) (i32.const 0))))
    (local.get $next))

  ;; Finds texts with words from $at up to $end, which is the end of the last whole word. The texts may extend from $low
  ;; to $high. Returns the number of finds. Nearly every word of a log is passed after a check of one byte.
  (func (export "find") (param $at i32) (param $end i32) (param $low i32) (param $high i32) (param $shift i32) (param $places i32) (result i32)
    (local $hash0 i32) (local $known0 i32)
    (local $hash1 i32) (local $known1 i32)
    (local $hash2 i32) (local $known2 i32)
    (local $hash3 i32) (local $known3 i32)
    (local $told i32)
    (local $word i32)
    (local $place i32)
    (local $next i32)
    (local.set $next (i32.const 65536))
    (block $done
      (loop $scan
        (br_if $done (i32.ge_s (local.get $at) (local.get $end)))
        (if (i32.le_s (i32.add (local.get $at) (i32.const 16)) (local.get $end))
          (then
            ;; Tests four words at a time while none of them is known. The code is not split into functions, because the
            ;; calls would cost more than the work.
            (block $look
              (loop $four
                (local.set $hash0 (i32.mul (i32.load (local.get $at)) (i32.const 0x9e3779b1)))
                (local.set $known0 (i32.load8_u offset=393216 (i32.shr_u (local.get $hash0) (i32.const 12))))
                (local.set $hash1 (i32.mul (i32.load offset=4 (local.get $at)) (i32.const 0x9e3779b1)))
                (local.set $known1 (i32.load8_u offset=393216 (i32.shr_u (local.get $hash1) (i32.const 12))))
                (local.set $hash2 (i32.mul (i32.load offset=8 (local.get $at)) (i32.const 0x9e3779b1)))
                (local.set $known2 (i32.load8_u offset=393216 (i32.shr_u (local.get $hash2) (i32.const 12))))
                (local.set $hash3 (i32.mul (i32.load offset=12 (local.get $at)) (i32.const 0x9e3779b1)))
                (local.set $known3 (i32.load8_u offset=393216 (i32.shr_u (local.get $hash3) (i32.const 12))))
                (br_if $look (i32.or (i32.or (local.get $known0) (local.get $known1)) (i32.or (local.get $known2) (local.get $known3))))
                (local.set $at (i32.add (local.get $at) (i32.const 16)))
                (br_if $four (i32.le_s (i32.add (local.get $at) (i32.const 16)) (local.get $end))))
              (br $scan))
            ;; Each bit is a word that may be known: the table has its tag, or the tag for several words.
            (local.set $told (i32.or
              (i32.or (i32.or (i32.eq (local.get $known0) (i32.const 255)) (i32.eq (local.get $known0) (i32.or (i32.and (i32.shr_u (local.get $hash0) (i32.const 4)) (i32.const 255)) (i32.const 1)))) (i32.shl (i32.or (i32.eq (local.get $known1) (i32.const 255)) (i32.eq (local.get $known1) (i32.or (i32.and (i32.shr_u (local.get $hash1) (i32.const 4)) (i32.const 255)) (i32.const 1)))) (i32.const 1)))
              (i32.or (i32.shl (i32.or (i32.eq (local.get $known2) (i32.const 255)) (i32.eq (local.get $known2) (i32.or (i32.and (i32.shr_u (local.get $hash2) (i32.const 4)) (i32.const 255)) (i32.const 1)))) (i32.const 2)) (i32.shl (i32.or (i32.eq (local.get $known3) (i32.const 255)) (i32.eq (local.get $known3) (i32.or (i32.and (i32.shr_u (local.get $hash3) (i32.const 4)) (i32.const 255)) (i32.const 1)))) (i32.const 3))))))
          (else
            ;; Fewer than four words are left.
            (local.set $hash0 (i32.mul (i32.load (local.get $at)) (i32.const 0x9e3779b1)))
            (local.set $known0 (i32.load8_u offset=393216 (i32.shr_u (local.get $hash0) (i32.const 12))))
            (local.set $told (i32.or (i32.eq (local.get $known0) (i32.const 255)) (i32.eq (local.get $known0) (i32.or (i32.and (i32.shr_u (local.get $hash0) (i32.const 4)) (i32.const 255)) (i32.const 1)))))))
        (local.set $word (local.get $at))
        (local.set $at (i32.add (local.get $at) (select (i32.const 16) (i32.const 4) (i32.le_s (i32.add (local.get $at) (i32.const 16)) (local.get $end)))))
        (loop $each
          (br_if $scan (i32.eqz (local.get $told)))
          (local.set $place (call $lookup (i32.load (i32.add (local.get $word) (i32.shl (i32.ctz (local.get $told)) (i32.const 2)))) (local.get $shift)))
          (if (i32.ge_s (local.get $place) (i32.const 0))
            (then
              (if (i32.ge_u (local.get $next) (i32.const 196608))
                (then
                  (local.set $at (i32.add (local.get $word) (i32.shl (i32.ctz (local.get $told)) (i32.const 2))))
                  (br $done)))
              (local.set $next (call $store (i32.add (local.get $word) (i32.shl (i32.ctz (local.get $told)) (i32.const 2))) (local.get $low) (local.get $high) (local.get $place) (local.get $places) (local.get $next)))))
          (local.set $told (i32.and (local.get $told) (i32.sub (local.get $told) (i32.const 1))))
          (br $each))))
    (i32.store (i32.const 0) (local.get $at))
    (i32.shr_u (i32.sub (local.get $next) (i32.const 65536)) (i32.const 3)))

  ;; Counts the line breaks from $at up to $end; their distance is a multiple of 16. Each of sixteen lanes has its own
  ;; count, which is added up before it exceeds a byte.
  (func (export "breaks") (param $at i32) (param $end i32) (result i32)
    (local $count i32)
    (local $stop i32)
    (local $counts v128)
    (block $done
      (loop $part
        (br_if $done (i32.ge_s (local.get $at) (local.get $end)))
        (local.set $stop (i32.add (local.get $at) (i32.const 4080)))
        (if (i32.gt_s (local.get $stop) (local.get $end)) (then (local.set $stop (local.get $end))))
        (local.set $counts (v128.const i64x2 0 0))
        (loop $next
          (local.set $counts (i8x16.sub (local.get $counts) (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (i32.const 10)))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br_if $next (i32.lt_s (local.get $at) (local.get $stop))))
        (local.set $counts (i32x4.extadd_pairwise_i16x8_u (i16x8.extadd_pairwise_i8x16_u (local.get $counts))))
        (local.set $count (i32.add (local.get $count)
          (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $counts)) (i32x4.extract_lane 1 (local.get $counts)))
            (i32.add (i32x4.extract_lane 2 (local.get $counts)) (i32x4.extract_lane 3 (local.get $counts))))))
        (br $part)))
    (local.get $count))
)
