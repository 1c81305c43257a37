/**
 * Matches a name for people, of 1 to 80 printable characters. Joiners are printable where they join: in emoji, and after a
 * letter or mark of a script that uses them, such as Persian, Hindi and Sinhala. Tags belong to the flags of regions.
 */
export const labelPattern =
  /^(?:[^\p{C}]|(?<=[\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}])[\u200c\u200d]|(?<=[\u{1f3f4}\u{e0020}-\u{e007e}])[\u{e0020}-\u{e007f}]){1,80}$/u;
