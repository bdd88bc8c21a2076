"""Completions for bash, zsh and fish: static files, so that pressing Tab never starts Python."""

from dsltm.manual.program import Option, Program

_HEAD = "# Made by `make docs` from the commands' definitions; not to be edited.\n"


def completions(program: Program) -> dict[str, str]:
    """The completions' files by name."""
    return {"dsltm.bash": bash(program), "_dsltm": zsh(program), "dsltm.fish": fish(program)}


def bash(program: Program) -> str:
    """The function for bash, which needs nothing but bash."""
    cases, options, words = [], [], []
    for command in program.commands:
        for option in command.options:
            match = "|".join(f"{command.name}:{name}" for name in option.names)
            reply = {
                "file": "_dsltm_paths -f",
                "folder": "_dsltm_paths -d",
                "text": "",
                "choice": f"_dsltm_words '{' '.join(option.words)}'"
                + ("; _dsltm_paths -f" if option.files else ""),
            }
            if option.kind != "flag":
                cases.append(f"        {match}) {reply[option.kind] or ':'}; return ;;")
        names = " ".join(name for option in command.options for name in option.names)
        options.append(f"        {command.name}) _dsltm_words '{names}' ;;")
        reply_words = f"_dsltm_words '{' '.join(command.words)}'" if command.words else ":"
        words.append(f"        {command.name}) {'_dsltm_paths -f' if command.files else reply_words} ;;")
    return _HEAD + _BASH.format(
        commands=" ".join(program.names),
        early=" ".join(name for option in program.early for name in option.names),
        valued="|".join(name for option in program.early if option.kind == "file" for name in option.names),
        values="\n".join(cases),
        options="\n".join(options),
        words="\n".join(words),
    )


_BASH = """\
_dsltm_words() {{
    local IFS=$' \\t\\n'
    COMPREPLY+=($(compgen -W "$1" -- "$word"))
}}

_dsltm_paths() {{  # -f for files, -d for folders
    local IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen "$1" -- "$word"))
}}

_dsltm() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command= i
    if [[ $word == = ]]; then  # bash takes --option=value apart
        word=
    elif [[ $before == = ]]; then
        before=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${{COMP_WORDS[i]}} in
        {valued}) [[ ${{COMP_WORDS[i+1]}} == = ]] || ((i++)) ;;
        =) ((i++)) ;;
        -*) ;;
        *) command=${{COMP_WORDS[i]}}; break ;;
        esac
    done
    if [[ -z $command ]]; then
        case $before in
        {valued}) _dsltm_paths -f; return ;;
        esac
        _dsltm_words '{commands}'
        [[ $word == -* ]] && _dsltm_words '{early}'
        return
    fi
    case $command:$before in
{values}
    esac
    if [[ $word == -* ]]; then
        case $command in
{options}
        esac
        return
    fi
    case $command in
{words}
    esac
}}
complete -F _dsltm dsltm
"""


def zsh(program: Program) -> str:
    """The function for zsh, in the language of its _arguments."""
    names = "\n".join(f"        {_quoted(f'{c.name}:{_colons(c.about)}')}" for c in program.commands)
    cases = []
    for command in program.commands:
        specs = [spec for option in command.options for spec in _zsh_option(option)]
        if command.words:
            specs.append(_quoted(f"*:name:({' '.join(command.words)})"))
        elif command.files:
            specs.append(_quoted("*:file:_files"))
        lines = " \\\n".join(f"            {spec}" for spec in specs)
        cases.append(f"    {command.name})\n        _arguments -s \\\n{lines}\n        ;;")
    early = [spec for option in program.early for spec in _zsh_option(option)]
    return _ZSH.format(
        head=_HEAD,
        names=names,
        cases="\n".join(cases),
        early=" \\\n".join(f"        {spec}" for spec in early),
    )


def _zsh_option(option: Option) -> list[str]:
    about = option.about.replace("[", "(").replace("]", ")")
    about = _colons(about)
    value = {
        "flag": "",
        "file": ":file:_files",
        "folder": ":folder:_files -/",
        "text": ":value: ",
        "choice": f":word:({' '.join(option.words)})",
    }[option.kind]
    if option.kind == "choice" and option.files:
        value = f":word:{{compadd -- {' '.join(option.words)}; _files}}"
    return [_quoted(f"*{name}[{about}]{value}") for name in option.names]


def _colons(text: str) -> str:
    return text.replace(":", "\\:")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


_ZSH = """\
#compdef dsltm
{head}
local state line
_arguments -C -s \\
{early} \\
        '1: :->command' \\
        '*:: :->rest'
case $state in
command)
    local -a commands
    commands=(
{names}
    )
    _describe command commands
    ;;
rest)
    case $words[1] in
{cases}
    esac
    ;;
esac
"""


def fish(program: Program) -> str:
    """The commands for fish."""
    valued = " ".join(name for option in program.early if option.kind == "file" for name in option.names)
    lines = [_HEAD.rstrip(), _FISH.format(valued=valued), "complete -c dsltm -f"]
    lines += [_fish_option("__dsltm_is", option) for option in program.early]
    for command in program.commands:
        about, condition = _fish_quoted(command.about), f"__dsltm_is {command.name}"
        lines.append(f"complete -c dsltm -n __dsltm_is -a {command.name} -d {about}")
        lines += [_fish_option(condition, option) for option in command.options]
        if command.words:
            words = _fish_quoted(" ".join(command.words))
            lines.append(f"complete -c dsltm -n {_fish_quoted(condition)} -a {words}")
        elif command.files:
            lines.append(f"complete -c dsltm -n {_fish_quoted(condition)} -F")
    return "\n".join(lines) + "\n"


_FISH = """\
function __dsltm_is -a name -d 'Whether this is the subcommand; without one, whether none is there yet'
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case {valued}
                set -e words[1]
            case '-*'
            case '*'
                test $words[1] = "$name"
                return
        end
        set -q words[1]; and set -e words[1]
    end
    test -z "$name"
end
"""


def _fish_option(condition: str, option: Option) -> str:
    names = [f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in option.names]
    value = {
        "flag": [],
        "file": ["-r", "-F"],
        "folder": ["-x", "-a", "'(__fish_complete_directories)'"],
        "text": ["-x"],
        "choice": ["-r" if option.files else "-x", *(["-F"] if option.files else [])],
    }[option.kind]
    if option.words:
        value += ["-a", _fish_quoted(" ".join(option.words))]
    return " ".join(
        ["complete -c dsltm -n", _fish_quoted(condition), *names, *value, "-d", _fish_quoted(option.about)]
    )


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
