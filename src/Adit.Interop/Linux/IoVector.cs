namespace Adit.Interop.Linux;

/// <summary><c>struct iovec</c>: one piece of memory of a gathered transfer.</summary>
public unsafe struct IoVector(void* start, nuint lengthBytes)
{
    public void* Start = start;
    public nuint LengthBytes = lengthBytes;
}
