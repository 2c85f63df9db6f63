namespace Adit.Tests;

/// <summary>Bytes that tell where they belong.</summary>
public static class Bytes
{
    public static byte[] Of(int lengthBytes, int seed)
    {
        byte[] bytes = new byte[lengthBytes];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static byte[] ReadAll(Volume volume, string path)
    {
        using AditFile file = volume.OpenFile(path, FileMode.Open, FileAccess.Read);
        byte[] bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(0, bytes));
        return bytes;
    }

    public static void WriteAll(Volume volume, string path, byte[] content)
    {
        using AditFile file = volume.OpenFile(path, FileMode.Create);
        file.Write(0, content);
    }
}
