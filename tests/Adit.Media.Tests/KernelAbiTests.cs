using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Adit.Interop;
using Adit.Interop.Linux;
using Adit.TestKit;

namespace Adit.Media.Tests;

/// <summary>The C compiler checks every constant and layout by its own headers.</summary>
public sealed class KernelAbiTests
{
    private const string Headers = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <linux/fs.h>
        #include <linux/io_uring.h>
        #include <linux/magic.h>
        #include <linux/stat.h>
        #include <linux/userfaultfd.h>
        #include <poll.h>
        #include <signal.h>
        #include <stddef.h>
        #include <sys/file.h>
        #include <sys/ioctl.h>
        #include <sys/mman.h>
        #include <sys/mount.h>
        #include <sys/socket.h>
        #include <sys/statfs.h>
        #include <sys/syscall.h>
        #include <sys/uio.h>
        #include <unistd.h>
        _Static_assert(__NR_move_mount == 429 && __NR_fsopen == 430 && __NR_fsconfig == 431 && __NR_fsmount == 432 && __NR_mount_setattr == 442, "__NR_move_mount ...");
        #ifndef XFS_SUPER_MAGIC
        #define XFS_SUPER_MAGIC 0x58465342
        #endif
        #ifndef MADV_POPULATE_READ
        #define MADV_POPULATE_READ 22
        #define MADV_POPULATE_WRITE 23
        #endif
        #ifdef __x86_64__
        _Static_assert(__NR_userfaultfd == 323, "__NR_userfaultfd");
        _Static_assert(__NR_read == 0 && __NR_write == 1 && __NR_writev == 20, "__NR_read, __NR_write, __NR_writev");
        #else
        _Static_assert(__NR_userfaultfd == 282, "__NR_userfaultfd");
        _Static_assert(__NR_read == 63 && __NR_write == 64 && __NR_writev == 66, "__NR_read, __NR_write, __NR_writev");
        #endif
        """;

    [CompilerFact]
    public void Constants_and_layouts_are_those_of_the_headers()
    {
        (int exitCode, string output) = Compile(Source(spoil: false));
        Assert.True(exitCode == 0, output);
    }

    [CompilerFact]
    public void A_wrong_constant_is_found()
    {
        (int exitCode, _) = Compile(Source(spoil: true));
        Assert.NotEqual(0, exitCode);
    }

    private static string Source(bool spoil)
    {
        StringBuilder source = new(Headers);
        source.AppendLine();
        foreach (Errno errno in Enum.GetValues<Errno>().Where(errno => errno != Errno.Success))
        {
            Expect($"{errno}", (long)errno);
        }

        foreach (Type type in new[] { typeof(Libc), typeof(OpenFlags), typeof(StatxBuffer), typeof(StatfsBuffer) })
        {
            foreach (FieldInfo constant in type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral))
            {
                object value = constant.GetRawConstantValue()!;
                Expect(constant.Name, value is ulong big ? (long)big : Convert.ToInt64(value));
            }
        }

        Expect("O_DIRECT", OpenFlags.O_DIRECT);
        Expect("O_DIRECTORY", OpenFlags.O_DIRECTORY);
        Expect("O_NOFOLLOW", OpenFlags.O_NOFOLLOW);
        Expect("O_TMPFILE", OpenFlags.O_TMPFILE);
        ExpectLayout<StatxBuffer>("struct statx");
        ExpectLayout<StatfsBuffer>("struct statfs");
        ExpectLayout<MessageHeader>("struct msghdr");
        ExpectLayout<ControlMessageHeader>("struct cmsghdr");
        ExpectLayout<UserFaultApi>("struct uffdio_api");
        ExpectLayout<UserFaultRegistration>("struct uffdio_register");
        ExpectLayout<UserFaultRange>("struct uffdio_range");
        Expect("sizeof(struct mount_attr)", MountAttributes.SizeBytes);
        ExpectPlaces<MountAttributes>("struct mount_attr");
        Expect("sizeof(struct iovec)", Marshal.SizeOf<IoVector>());
        Expect("sizeof(struct io_uring_params)", Marshal.SizeOf<RingParameters>());
        ExpectPlaces<RingParameters>("struct io_uring_params");
        ExpectPlaces<RingParameters.SubmissionOffsets>("struct io_sqring_offsets", but: "user_addr");
        ExpectPlaces<RingParameters.CompletionOffsets>("struct io_cqring_offsets", but: "user_addr");
        ExpectPlaces<RingCommand>("struct io_uring_sqe");
        Expect("sizeof(struct io_uring_cqe)", Marshal.SizeOf<RingCompletion>());
        ExpectPlaces<RingCompletion>("struct io_uring_cqe");

        // Newer than the headers of many distributions that run a kernel which has them.
        foreach (FieldInfo constant in typeof(UserFault).GetFields().Concat(typeof(PagemapScan).GetFields()).Where(field => field.IsLiteral))
        {
            ExpectWhereKnown(constant.Name, Convert.ToInt64(constant.GetRawConstantValue()));
        }

        source.AppendLine("#ifdef PAGEMAP_SCAN");
        ExpectLayout<PageRegion>("struct page_region");
        ExpectLayout<PagemapScanArgument>("struct pm_scan_arg");
        source.AppendLine("#endif");
        Expect("_IOWR('f', 16, char[96])", PagemapScan.PAGEMAP_SCAN);
        if (spoil)
        {
            Expect("O_CLOEXEC", OpenFlags.O_CLOEXEC + 1);
        }

        return source.ToString();

        void Expect(string expression, long value) =>
            source.AppendLine($"_Static_assert((long)({expression}) == {value}L, \"{expression}\");");

        void ExpectWhereKnown(string name, long value)
        {
            // Each of these is a macro, so the headers can be asked.
            source.AppendLine($"#ifdef {name}");
            Expect(name, value);
            source.AppendLine("#endif");
        }

        // Of structures that headers write with unions, or whose last fields are younger than the headers of many distributions.
        void ExpectPlaces<T>(string name, string but = "")
        {
            foreach (FieldInfo field in typeof(T).GetFields(BindingFlags.Public | BindingFlags.Instance).Where(field => field.Name != but))
            {
                Expect($"offsetof({name}, {field.Name})", Marshal.OffsetOf<T>(field.Name));
            }
        }

        void ExpectLayout<T>(string name)
        {
            Expect($"sizeof({name})", Marshal.SizeOf<T>());
            foreach (FieldInfo field in typeof(T).GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance))
            {
                // A C struct inside a struct is spelled out here: stx_mtime_sec is stx_mtime.tv_sec.
                string member = field.Name.Replace("time_", "time.tv_").Replace("range_", "range.");
                Expect($"offsetof({name}, {member})", field.GetCustomAttribute<FieldOffsetAttribute>()!.Value);
                Expect($"sizeof((({name} *)0)->{member})", Marshal.SizeOf(field.FieldType.IsPointer ? typeof(nint) : field.FieldType));
            }
        }
    }

    private static (int ExitCode, string Output) Compile(string source)
    {
        using TemporaryDirectory directory = new();
        string file = directory.File("abi.c");
        File.WriteAllText(file, source);
        using Process compiler = Process.Start(
            new ProcessStartInfo(CompilerFactAttribute.Compiler, ["-fsyntax-only", file])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                RedirectStandardInput = true,
            })!;
        compiler.StandardInput.Close();
        Task<string> errors = compiler.StandardError.ReadToEndAsync();
        if (!compiler.WaitForExit(30_000))
        {
            compiler.Kill();
            Assert.Fail("The compiler hangs.");
        }

        return (compiler.ExitCode, errors.Result);
    }
}
