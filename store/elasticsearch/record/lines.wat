;; Writes the two lines of a record from the data in this memory, sixteen bytes at a time. Bytes after an end are
;; overwritten later. lines.ts holds this file compiled and fills the memory; its test compiles it again and compares.
;;
;;        0  positions of the gaps: after the id, after the message and the stack trace, after the fields of Flink
;;       64  texts before the time, before the message, and before the stack trace
;;      160  letters for six bits each, as in base64url
;;      256  first text of a line, up to the offset in the id: the action, and the key of the file
;;     1024  data that many records share: for three texts the position and the length, four bytes each; the
;;           texts follow after 24 bytes, one after another
;;  2098176  bytes of the records' texts
;;  3147776  lines
(module
  (memory (export "memory") 128)
  (data (i32.const 64) "\22}}\0a{\22@timestamp\22:")
  (data (i32.const 96) ",\22message\22:\22")
  (data (i32.const 128) "\22,\22error.stack_trace\22:\22")
  (data (i32.const 160) "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

  ;; Each function returns the position of the next byte.
  (func $copy (param $to i32) (param $from i32) (param $length i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $to) (local.get $length)))
    (loop $sixteen
      (v128.store (local.get $to) (v128.load (local.get $from)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (br_if $sixteen (i32.lt_u (local.get $to) (local.get $end))))
    (local.get $end))

  ;; Writes printable ASCII, tabs and line breaks as JSON.
  (func $text (param $to i32) (param $from i32) (param $end i32) (result i32)
    (local $bytes v128)
    (local $plain i32)
    (local $byte i32)
    (loop $sixteen
      (local.set $bytes (v128.load (local.get $from)))
      (v128.store (local.get $to) (local.get $bytes))
      ;; The number of bytes that need no escape.
      (local.set $plain
        (i32.ctz
          (i32.or
            (i32.const 0x10000)
            (i8x16.bitmask
              (v128.or
                (i8x16.lt_u (local.get $bytes) (i8x16.splat (i32.const 32)))
                (v128.or
                  (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 34)))
                  (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 92)))))))))
      (if (i32.ge_u (i32.add (local.get $from) (local.get $plain)) (local.get $end))
        (then (return (i32.add (local.get $to) (i32.sub (local.get $end) (local.get $from))))))
      (local.set $to (i32.add (local.get $to) (local.get $plain)))
      (local.set $from (i32.add (local.get $from) (local.get $plain)))
      (br_if $sixteen (i32.eq (local.get $plain) (i32.const 16)))
      (local.set $byte (i32.load8_u (local.get $from)))
      (i32.store8 (local.get $to) (i32.const 92))
      (i32.store8 offset=1
        (local.get $to)
        (select
          (i32.const 110)
          (select (i32.const 116) (local.get $byte) (i32.eq (local.get $byte) (i32.const 9)))
          (i32.eq (local.get $byte) (i32.const 10))))
      (local.set $to (i32.add (local.get $to) (i32.const 2)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br_if $sixteen (i32.lt_u (local.get $from) (local.get $end))))
    (local.get $to))

  ;; Writes a letter for each six bits, the last one first.
  (func $letters (param $to i32) (param $value i64) (param $letters i32) (result i32)
    (local $at i32)
    (local.set $at (i32.add (local.get $to) (local.get $letters)))
    (loop $letter
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8
        (local.get $at)
        (i32.load8_u offset=160 (i32.and (i32.wrap_i64 (local.get $value)) (i32.const 63))))
      (local.set $value (i64.shr_u (local.get $value) (i64.const 6)))
      (br_if $letter (i32.gt_u (local.get $at) (local.get $to))))
    (i32.add (local.get $to) (local.get $letters)))

  (func $padded (param $to i32) (param $value i32) (param $digits i32) (result i32)
    (local $at i32)
    (local $tens i32)
    (local.set $at (i32.add (local.get $to) (local.get $digits)))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (local.set $tens (i32.div_u (local.get $value) (i32.const 10)))
      (i32.store8
        (local.get $at)
        (i32.add (i32.const 48) (i32.sub (local.get $value) (i32.mul (local.get $tens) (i32.const 10)))))
      (local.set $value (local.get $tens))
      (br_if $digit (i32.gt_u (local.get $at) (local.get $to))))
    (i32.add (local.get $to) (local.get $digits)))

  (func $small (param $to i32) (param $value i32) (result i32)
    (local $digits i32)
    (local $rest i32)
    (local.set $rest (local.get $value))
    (loop $digit
      (local.set $digits (i32.add (local.get $digits) (i32.const 1)))
      (br_if $digit (local.tee $rest (i32.div_u (local.get $rest) (i32.const 10)))))
    (call $padded (local.get $to) (local.get $value) (local.get $digits)))

  ;; Writes a number below 2^32 millions.
  (func $number (param $to i32) (param $value i64) (result i32)
    (local $millions i64)
    (local.set $millions (i64.div_u (local.get $value) (i64.const 1000000)))
    (if (result i32) (i64.eqz (local.get $millions))
      (then (call $small (local.get $to) (i32.wrap_i64 (local.get $value))))
      (else
        (call $padded
          (call $small (local.get $to) (i32.wrap_i64 (local.get $millions)))
          (i32.wrap_i64 (i64.sub (local.get $value) (i64.mul (local.get $millions) (i64.const 1000000))))
          (i32.const 6)))))

  ;; Writes a shared text. $place has its address and its length.
  (func $part (param $to i32) (param $place i32) (result i32)
    (call $copy (local.get $to) (i32.load (local.get $place)) (i32.load offset=4 (local.get $place))))

  ;; Writes a record. $head bytes go up to the offset in the id. The message ends at $messageEnd. A stack trace follows
  ;; after a line break and ends at $end. The caller fills the gaps.
  (func (export "write")
    (param $to i32) (param $head i32) (param $offset f64) (param $crc i32) (param $time f64)
    (param $message i32) (param $messageEnd i32) (param $end i32)
    (param $preamble i32) (param $file i32) (param $owner i32)
    (param $gapBehindId i32) (param $gapBehindText i32) (param $gapBehindFlink i32)
    (result i32)
    (local.set $to (call $copy (local.get $to) (i32.const 256) (local.get $head)))
    (local.set $to (call $letters (local.get $to) (i64.trunc_f64_u (local.get $offset)) (i32.const 8)))
    ;; The last letter has two of the 32 bits.
    (local.set $to
      (call $letters (local.get $to) (i64.shl (i64.extend_i32_u (local.get $crc)) (i64.const 4)) (i32.const 6)))
    (i32.store (i32.const 0) (local.get $to))
    (local.set $to (i32.add (local.get $to) (local.get $gapBehindId)))
    (local.set $to (call $copy (local.get $to) (i32.const 64) (i32.const 18)))
    (local.set $to (call $number (local.get $to) (i64.trunc_f64_u (local.get $time))))
    (local.set $to (call $copy (local.get $to) (i32.const 96) (i32.const 12)))
    (local.set $to (call $text (local.get $to) (local.get $message) (local.get $messageEnd)))
    (if (i32.lt_u (local.get $messageEnd) (local.get $end))
      (then
        (local.set $to (call $copy (local.get $to) (i32.const 128) (i32.const 23)))
        (local.set $to
          (call $text (local.get $to) (i32.add (local.get $messageEnd) (i32.const 1)) (local.get $end)))))
    (i32.store8 (local.get $to) (i32.const 34))
    (local.set $to (i32.add (local.get $to) (i32.const 1)))
    (i32.store (i32.const 4) (local.get $to))
    (local.set $to (i32.add (local.get $to) (local.get $gapBehindText)))
    (local.set $to (call $part (local.get $to) (local.get $preamble)))
    (local.set $to (call $part (local.get $to) (local.get $file)))
    (local.set $to (call $number (local.get $to) (i64.trunc_f64_u (local.get $offset))))
    (local.set $to (call $part (local.get $to) (i32.add (local.get $preamble) (i32.const 8))))
    (local.set $to (call $part (local.get $to) (i32.add (local.get $file) (i32.const 8))))
    (local.set $to (call $part (local.get $to) (local.get $owner)))
    (i32.store (i32.const 8) (local.get $to))
    (local.set $to (i32.add (local.get $to) (local.get $gapBehindFlink)))
    (local.set $to (call $part (local.get $to) (i32.add (local.get $file) (i32.const 16))))
    (call $part (local.get $to) (i32.add (local.get $preamble) (i32.const 16)))))
