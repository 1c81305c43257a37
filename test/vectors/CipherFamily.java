import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts standard input with AES-CBC, with the environment variables KEY and IV, and writes the bytes:
 *
 * java CipherFamily.java <key bits> <key: utf8|hex|base64> <digest of it: none|SHA-256|MD5> <IV: utf8|hex|key> <padding: 16|32>
 */
class CipherFamily {
  public static void main(String[] args) throws Exception {
    byte[] secret = bytes(System.getenv("KEY"), args[1]);
    if (!args[2].equals("none")) secret = MessageDigest.getInstance(args[2]).digest(secret);
    byte[] key = args[2].equals("none") ? secret : Arrays.copyOf(secret, Integer.parseInt(args[0]) / 8);
    if (key.length * 8 != Integer.parseInt(args[0])) {
      throw new IllegalArgumentException("The key has " + key.length + " bytes.");
    }
    byte[] iv = args[3].equals("key") ? Arrays.copyOf(key, 16) : bytes(System.getenv("IV"), args[3]);
    byte[] plain = System.in.readAllBytes();
    boolean padTo32 = args[4].equals("32");
    if (padTo32) {
      int count = 32 - plain.length % 32;
      int length = plain.length;
      plain = Arrays.copyOf(plain, length + count);
      Arrays.fill(plain, length, plain.length, (byte) count);
    }
    Cipher cipher = Cipher.getInstance(padTo32 ? "AES/CBC/NoPadding" : "AES/CBC/PKCS5Padding");
    cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
    System.out.write(cipher.doFinal(plain));
    System.out.flush();
  }

  private static byte[] bytes(String text, String form) {
    return switch (form) {
      case "hex" -> HexFormat.of().parseHex(text);
      case "base64" -> Base64.getDecoder().decode(text);
      default -> text.getBytes(StandardCharsets.UTF_8);
    };
  }
}
