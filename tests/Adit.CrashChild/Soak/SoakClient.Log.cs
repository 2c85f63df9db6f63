using System.Runtime.InteropServices;
using static Adit.CrashChild.Soak.SystemCall;

namespace Adit.CrashChild.Soak;

internal sealed unsafe partial class SoakClient
{
    private long _log;

    private void OpenLog(string path) => _log = Check(Open((byte*)SoakNames.Make(path), O_CREAT | O_RDWR | O_APPEND, 0x1A4), "open of the common log");

    /// <summary>Appends a record to the file that all clients append to: it has to be there once, and whole.</summary>
    private void AppendToLog()
    {
        ref SoakCounters counters = ref _journal.Counters;
        SoakLogRecord record = SoakLogRecord.Make(_number, counters.LogAcknowledged + 1);
        Volatile.Write(ref counters.LogBegun, record.Sequence);
        Expect(SystemCall.Append(_log, (byte*)&record, SoakLogRecord.SizeBytes), SoakLogRecord.SizeBytes, "append to the common log", -1);
        Volatile.Write(ref counters.LogAcknowledged, record.Sequence);
    }

    /// <summary>The record that was begun when the one before died is there, or is not.</summary>
    private void ResumeLog()
    {
        ref SoakCounters counters = ref _journal.Counters;
        bool isThere = false;
        byte[] bytes = new byte[1 << 16];
        fixed (byte* start = bytes)
        {
            long count;
            for (long offset = 0; (count = Check(SystemCall.Read(_log, start, bytes.Length, offset), "pread of the common log")) > 0; offset += count)
            {
                foreach (SoakLogRecord record in MemoryMarshal.Cast<byte, SoakLogRecord>(bytes.AsSpan(0, (int)count)))
                {
                    isThere |= record.Client == _number && record.Sequence > counters.LogAcknowledged;
                }
            }
        }

        if (counters.LogBegun > counters.LogAcknowledged && isThere)
        {
            counters.LogAcknowledged = counters.LogBegun;
        }
    }
}
