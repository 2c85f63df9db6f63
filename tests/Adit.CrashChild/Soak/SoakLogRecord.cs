using System.Runtime.InteropServices;

namespace Adit.CrashChild.Soak;

/// <summary>A record of the file that all clients append to: who, and which of its records.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SoakLogRecord
{
    public const int SizeBytes = 32;

    public long Client;
    public long Sequence;
    public ulong Proof;
    private readonly ulong _unused;

    public static SoakLogRecord Make(int client, long sequence) => new() { Client = client, Sequence = sequence, Proof = ProofOf(client, sequence) };

    public readonly bool IsWhole => Proof == ProofOf(Client, Sequence) && _unused == 0;

    private static ulong ProofOf(long client, long sequence) => (((ulong)client << 48) ^ (ulong)sequence ^ 0x5DEE_CE66_D1CE_4E5B) * 0x9E37_79B9_7F4A_7C15;
}
