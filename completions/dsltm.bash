# Made by `make docs` from the commands' definitions; not to be edited.
_dsltm_words() {
    local IFS=$' \t\n'
    COMPREPLY+=($(compgen -W "$1" -- "$word"))
}

_dsltm_paths() {  # -f for files, -d for folders
    local IFS=$'\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen "$1" -- "$word"))
}

_dsltm() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i
    if [[ $word == = ]]; then  # bash takes --option=value apart
        word=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD-2]}
    fi
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --log-file|--config) [[ ${COMP_WORDS[i+1]} == = ]] || ((i++)) ;;
        =) ((i++)) ;;
        -*) ;;
        *) command=${COMP_WORDS[i]}; break ;;
        esac
    done
    if [[ -z $command ]]; then
        case $before in
        --log-file|--config) _dsltm_paths -f; return ;;
        esac
        _dsltm_words 'vocab distill merge train merge-models generate ground attend assign topics drift eval info prompts teachers config help'
        [[ $word == -* ]] && _dsltm_words '-q --quiet -v --verbose --log-file --config --debug -V --version -h --help'
        return
    fi
    case $command:$before in
        vocab:-o|vocab:--output) _dsltm_paths -f; return ;;
        vocab:--size) :; return ;;
        vocab:--min-df) :; return ;;
        vocab:--max-df) :; return ;;
        vocab:--language) _dsltm_words 'auto ar de en es fr hi it ja nl pl pt ru th zh'; return ;;
        vocab:--stopwords) _dsltm_words 'auto none ar de en es fr hi it ja nl pl pt ru th zh'; _dsltm_paths -f; return ;;
        vocab:--teacher) _dsltm_words 'smollm2-135m gemma-3-270m ernie-4.5-0.3b qwen3.5-0.8b llama-3.2-1b phi-3-mini llama-3.1-8b'; return ;;
        vocab:--preset) _dsltm_words 'best paper'; return ;;
        vocab:--text-field) :; return ;;
        vocab:--format) _dsltm_words 'auto jsonl json lines text csv tsv parquet arrow xlsx'; return ;;
        vocab:--encoding) _dsltm_words 'utf-8 utf-16 latin-1 cp1252 shift_jis gb18030'; return ;;
        vocab:--on-error) _dsltm_words 'fail skip'; return ;;
        vocab:--log-file) _dsltm_paths -f; return ;;
        vocab:--config) _dsltm_paths -f; return ;;
        distill:-o|distill:--output) _dsltm_paths -f; return ;;
        distill:--teacher) _dsltm_words 'smollm2-135m gemma-3-270m ernie-4.5-0.3b qwen3.5-0.8b llama-3.2-1b phi-3-mini llama-3.1-8b'; _dsltm_paths -f; return ;;
        distill:--dtype) _dsltm_words 'auto float32 bfloat16 float16'; return ;;
        distill:--device) _dsltm_words 'auto cpu cuda mps'; return ;;
        distill:--vocab) _dsltm_paths -f; return ;;
        distill:--language) _dsltm_words 'auto ar de en es fr hi it ja nl pl pt ru th zh'; return ;;
        distill:--stopwords) _dsltm_words 'auto none ar de en es fr hi it ja nl pl pt ru th zh'; _dsltm_paths -f; return ;;
        distill:--prompt) _dsltm_words 'auto paper paper-1 paper-2 paper-3 paper-4 paper-5 keywords tags word related about filed topic category question post news review abstract message examples chat de es fr it pt zh'; return ;;
        distill:--instruction) :; return ;;
        distill:--prompt-file) _dsltm_paths -f; return ;;
        distill:--preset) _dsltm_words 'best paper'; return ;;
        distill:--projection) _dsltm_words 'every token spellings first chain'; return ;;
        distill:--size) :; return ;;
        distill:--min-df) :; return ;;
        distill:--max-tokens) :; return ;;
        distill:--batch-tokens) :; return ;;
        distill:--sample) :; return ;;
        distill:--sample-seed) :; return ;;
        distill:--unsure-of) _dsltm_paths -f; return ;;
        distill:--vectors) _dsltm_paths -f; return ;;
        distill:--shard) :; return ;;
        distill:--scratch) _dsltm_paths -d; return ;;
        distill:--text-field) :; return ;;
        distill:--format) _dsltm_words 'auto jsonl json lines text csv tsv parquet arrow xlsx'; return ;;
        distill:--encoding) _dsltm_words 'utf-8 utf-16 latin-1 cp1252 shift_jis gb18030'; return ;;
        distill:--on-error) _dsltm_words 'fail skip'; return ;;
        distill:--id-field) :; return ;;
        distill:--label-field) :; return ;;
        distill:--ray) :; return ;;
        distill:--workers) :; return ;;
        distill:--cpus-per-worker) :; return ;;
        distill:--gpus-per-worker) :; return ;;
        distill:--part-documents) :; return ;;
        distill:--log-file) _dsltm_paths -f; return ;;
        distill:--config) _dsltm_paths -f; return ;;
        merge:-o|merge:--output) _dsltm_paths -f; return ;;
        merge:--log-file) _dsltm_paths -f; return ;;
        merge:--config) _dsltm_paths -f; return ;;
        train:-o|train:--output) _dsltm_paths -f; return ;;
        train:-k|train:--topics) :; return ;;
        train:--seeds) :; return ;;
        train:--seed-topics) _dsltm_paths -f; return ;;
        train:--init) _dsltm_paths -f; return ;;
        train:--new) :; return ;;
        train:--baseline) _dsltm_words 'prodlda zeroshottm combinedtm ecrtm etm fastopic'; return ;;
        train:--model) _dsltm_words 'prodlda ecrtm fastopic etm'; return ;;
        train:--input) _dsltm_words 'hidden bow both'; return ;;
        train:--target) _dsltm_words 'mixed soft bow soft-bow'; return ;;
        train:--loss) _dsltm_words 'kl ce'; return ;;
        train:--temperature) :; return ;;
        train:--preset) _dsltm_words 'best paper'; return ;;
        train:--centre) _dsltm_words 'mean empty none'; return ;;
        train:--smooth) :; return ;;
        train:--guide) :; return ;;
        train:--rounds) :; return ;;
        train:--words-weight) :; return ;;
        train:--copies) _dsltm_words 'once all'; return ;;
        train:--calibrate) _dsltm_words 'words none'; return ;;
        train:--target-top) :; return ;;
        train:--target-share) :; return ;;
        train:--weight) :; return ;;
        train:--epochs) :; return ;;
        train:--batch) :; return ;;
        train:--learning-rate) :; return ;;
        train:--momentum) :; return ;;
        train:--second-momentum) :; return ;;
        train:--scale) _dsltm_words 'standard raw'; return ;;
        train:--units) :; return ;;
        train:--dropout) :; return ;;
        train:--samples) :; return ;;
        train:--sharpness) _dsltm_words 'one learned'; return ;;
        train:--encoder) _dsltm_words 'best paper'; return ;;
        train:--decoder) _dsltm_words 'best paper'; return ;;
        train:--embeddings) _dsltm_words 'teacher random'; _dsltm_paths -f; return ;;
        train:--embedding-size) :; return ;;
        train:--patience) :; return ;;
        train:--seed) :; return ;;
        train:--device) _dsltm_words 'auto cpu cuda mps'; return ;;
        train:--log-file) _dsltm_paths -f; return ;;
        train:--config) _dsltm_paths -f; return ;;
        merge-models:-o|merge-models:--output) _dsltm_paths -f; return ;;
        merge-models:--table) _dsltm_paths -f; return ;;
        merge-models:--seed) :; return ;;
        merge-models:--log-file) _dsltm_paths -f; return ;;
        merge-models:--config) _dsltm_paths -f; return ;;
        generate:-o|generate:--output) _dsltm_paths -f; return ;;
        generate:-k|generate:--topics) :; return ;;
        generate:--rounds) :; return ;;
        generate:--sample) :; return ;;
        generate:--context-tokens) :; return ;;
        generate:--field) :; return ;;
        generate:--seed) :; return ;;
        generate:--language) _dsltm_words 'auto ar de en es fr hi it ja nl pl pt ru th zh'; return ;;
        generate:--stopwords) _dsltm_words 'auto none ar de en es fr hi it ja nl pl pt ru th zh'; _dsltm_paths -f; return ;;
        generate:--endpoint) :; return ;;
        generate:--model) :; return ;;
        generate:--key-env) :; return ;;
        generate:--max-requests) :; return ;;
        generate:--budget) :; return ;;
        generate:--timeout) :; return ;;
        generate:--teacher) _dsltm_words 'smollm2-135m gemma-3-270m ernie-4.5-0.3b qwen3.5-0.8b llama-3.2-1b phi-3-mini llama-3.1-8b'; _dsltm_paths -f; return ;;
        generate:--dtype) _dsltm_words 'auto float32 bfloat16 float16'; return ;;
        generate:--device) _dsltm_words 'auto cpu cuda mps'; return ;;
        generate:--text-field) :; return ;;
        generate:--format) _dsltm_words 'auto jsonl json lines text csv tsv parquet arrow xlsx'; return ;;
        generate:--encoding) _dsltm_words 'utf-8 utf-16 latin-1 cp1252 shift_jis gb18030'; return ;;
        generate:--on-error) _dsltm_words 'fail skip'; return ;;
        generate:--id-field) :; return ;;
        generate:--log-file) _dsltm_paths -f; return ;;
        generate:--config) _dsltm_paths -f; return ;;
        ground:-o|ground:--output) _dsltm_paths -f; return ;;
        ground:--labels) _dsltm_paths -f; return ;;
        ground:--representatives) :; return ;;
        ground:--answers) :; return ;;
        ground:--expand) :; return ;;
        ground:--balance) :; return ;;
        ground:--temperature) :; return ;;
        ground:--teacher) _dsltm_words 'smollm2-135m gemma-3-270m ernie-4.5-0.3b qwen3.5-0.8b llama-3.2-1b phi-3-mini llama-3.1-8b'; _dsltm_paths -f; return ;;
        ground:--dtype) _dsltm_words 'auto float32 bfloat16 float16'; return ;;
        ground:--device) _dsltm_words 'auto cpu cuda mps'; return ;;
        ground:--text-field) :; return ;;
        ground:--format) _dsltm_words 'auto jsonl json lines text csv tsv parquet arrow xlsx'; return ;;
        ground:--encoding) _dsltm_words 'utf-8 utf-16 latin-1 cp1252 shift_jis gb18030'; return ;;
        ground:--on-error) _dsltm_words 'fail skip'; return ;;
        ground:--id-field) :; return ;;
        ground:--label-field) :; return ;;
        ground:--log-file) _dsltm_paths -f; return ;;
        ground:--config) _dsltm_paths -f; return ;;
        attend:-o|attend:--output) _dsltm_paths -f; return ;;
        attend:--labels) _dsltm_paths -f; return ;;
        attend:--heads) :; return ;;
        attend:--layers) :; return ;;
        attend:--answer) _dsltm_words 'attention numbers mixture'; return ;;
        attend:--most-heads) :; return ;;
        attend:--orders) :; return ;;
        attend:--calibrate) _dsltm_words 'corpus empty'; return ;;
        attend:--sample) :; return ;;
        attend:--temperature) :; return ;;
        attend:--max-tokens) :; return ;;
        attend:--seed) :; return ;;
        attend:--assignments) _dsltm_paths -f; return ;;
        attend:--teacher) _dsltm_words 'smollm2-135m gemma-3-270m ernie-4.5-0.3b qwen3.5-0.8b llama-3.2-1b phi-3-mini llama-3.1-8b'; _dsltm_paths -f; return ;;
        attend:--dtype) _dsltm_words 'auto float32 bfloat16 float16'; return ;;
        attend:--device) _dsltm_words 'auto cpu cuda mps'; return ;;
        attend:--text-field) :; return ;;
        attend:--format) _dsltm_words 'auto jsonl json lines text csv tsv parquet arrow xlsx'; return ;;
        attend:--encoding) _dsltm_words 'utf-8 utf-16 latin-1 cp1252 shift_jis gb18030'; return ;;
        attend:--on-error) _dsltm_words 'fail skip'; return ;;
        attend:--id-field) :; return ;;
        attend:--label-field) :; return ;;
        attend:--log-file) _dsltm_paths -f; return ;;
        attend:--config) _dsltm_paths -f; return ;;
        assign:-o|assign:--output) _dsltm_paths -f; return ;;
        assign:--output-format) _dsltm_words 'jsonl csv tsv parquet'; return ;;
        assign:--top) :; return ;;
        assign:--min-prob) :; return ;;
        assign:--words) :; return ;;
        assign:--keep) :; return ;;
        assign:--levels) :; return ;;
        assign:--corpus) _dsltm_paths -f; return ;;
        assign:--reader) _dsltm_words 'teacher words auto'; return ;;
        assign:--budget) :; return ;;
        assign:--parts) _dsltm_words 'sentences windows'; return ;;
        assign:--vectors) _dsltm_paths -f; return ;;
        assign:--teacher) _dsltm_words 'smollm2-135m gemma-3-270m ernie-4.5-0.3b qwen3.5-0.8b llama-3.2-1b phi-3-mini llama-3.1-8b'; _dsltm_paths -f; return ;;
        assign:--dtype) _dsltm_words 'auto float32 bfloat16 float16'; return ;;
        assign:--device) _dsltm_words 'auto cpu cuda mps'; return ;;
        assign:--batch-tokens) :; return ;;
        assign:--text-field) :; return ;;
        assign:--format) _dsltm_words 'auto jsonl json lines text csv tsv parquet arrow xlsx'; return ;;
        assign:--encoding) _dsltm_words 'utf-8 utf-16 latin-1 cp1252 shift_jis gb18030'; return ;;
        assign:--on-error) _dsltm_words 'fail skip'; return ;;
        assign:--id-field) :; return ;;
        assign:--ray) :; return ;;
        assign:--workers) :; return ;;
        assign:--cpus-per-worker) :; return ;;
        assign:--gpus-per-worker) :; return ;;
        assign:--part-documents) :; return ;;
        assign:--log-file) _dsltm_paths -f; return ;;
        assign:--config) _dsltm_paths -f; return ;;
        topics:-o|topics:--output) _dsltm_paths -f; return ;;
        topics:--output-format) _dsltm_words 'jsonl csv tsv parquet'; return ;;
        topics:--words) :; return ;;
        topics:--relevance) :; return ;;
        topics:--diversify) :; return ;;
        topics:--sort) _dsltm_words 'id size coherence'; return ;;
        topics:--levels) :; return ;;
        topics:--examples) :; return ;;
        topics:--borderline) :; return ;;
        topics:--by) :; return ;;
        topics:--every) _dsltm_words 'day week month quarter year'; return ;;
        topics:--effects) :; return ;;
        topics:--query) :; return ;;
        topics:--reader) _dsltm_words 'words teacher'; return ;;
        topics:--corpus) _dsltm_paths -f; return ;;
        topics:--html) _dsltm_paths -f; return ;;
        topics:--title) :; return ;;
        topics:--layout) _dsltm_words 'auto tsne pca'; return ;;
        topics:--points) :; return ;;
        topics:--seed) :; return ;;
        topics:--names) _dsltm_paths -f; return ;;
        topics:--labeler) :; return ;;
        topics:--labeler-model) :; return ;;
        topics:--merge) :; return ;;
        topics:--drop) :; return ;;
        topics:--text-field) :; return ;;
        topics:--format) _dsltm_words 'auto jsonl json lines text csv tsv parquet arrow xlsx'; return ;;
        topics:--encoding) _dsltm_words 'utf-8 utf-16 latin-1 cp1252 shift_jis gb18030'; return ;;
        topics:--on-error) _dsltm_words 'fail skip'; return ;;
        topics:--id-field) :; return ;;
        topics:--label-field) :; return ;;
        topics:--log-file) _dsltm_paths -f; return ;;
        topics:--config) _dsltm_paths -f; return ;;
        drift:-o|drift:--output) _dsltm_paths -f; return ;;
        drift:--output-format) _dsltm_words 'jsonl csv tsv parquet'; return ;;
        drift:--fail-above) :; return ;;
        drift:--log-file) _dsltm_paths -f; return ;;
        drift:--config) _dsltm_paths -f; return ;;
        eval:-o|eval:--output) _dsltm_paths -f; return ;;
        eval:--labels) _dsltm_paths -f; return ;;
        eval:--gold) _dsltm_paths -f; return ;;
        eval:--topics) _dsltm_paths -f; return ;;
        eval:--assignments) _dsltm_paths -f; return ;;
        eval:--top-words) :; return ;;
        eval:--word-vectors) _dsltm_paths -f; return ;;
        eval:--reference) _dsltm_paths -f; return ;;
        eval:--coherence-cache) _dsltm_paths -d; return ;;
        eval:--windows) _dsltm_words 'gensim exact'; return ;;
        eval:--rater) :; return ;;
        eval:--rater-model) :; return ;;
        eval:--max-requests) :; return ;;
        eval:--rater-teacher) _dsltm_words 'smollm2-135m gemma-3-270m ernie-4.5-0.3b qwen3.5-0.8b llama-3.2-1b phi-3-mini llama-3.1-8b'; return ;;
        eval:--judge) _dsltm_words 'rating published intrusion mixing documents'; return ;;
        eval:--judge-texts) _dsltm_paths -f; return ;;
        eval:--judge-repeats) :; return ;;
        eval:--judge-budget) :; return ;;
        eval:--text-field) :; return ;;
        eval:--format) _dsltm_words 'auto jsonl json lines text csv tsv parquet arrow xlsx'; return ;;
        eval:--encoding) _dsltm_words 'utf-8 utf-16 latin-1 cp1252 shift_jis gb18030'; return ;;
        eval:--on-error) _dsltm_words 'fail skip'; return ;;
        eval:--id-field) :; return ;;
        eval:--label-field) :; return ;;
        eval:--log-file) _dsltm_paths -f; return ;;
        eval:--config) _dsltm_paths -f; return ;;
        info:-o|info:--output) _dsltm_paths -f; return ;;
        info:--log-file) _dsltm_paths -f; return ;;
        info:--config) _dsltm_paths -f; return ;;
        prompts:-o|prompts:--output) _dsltm_paths -f; return ;;
        prompts:--log-file) _dsltm_paths -f; return ;;
        prompts:--config) _dsltm_paths -f; return ;;
        teachers:-o|teachers:--output) _dsltm_paths -f; return ;;
        teachers:--check) :; return ;;
        teachers:--log-file) _dsltm_paths -f; return ;;
        teachers:--config) _dsltm_paths -f; return ;;
        config:-o|config:--output) _dsltm_paths -f; return ;;
        config:--log-file) _dsltm_paths -f; return ;;
        config:--config) _dsltm_paths -f; return ;;
        help:--log-file) _dsltm_paths -f; return ;;
        help:--config) _dsltm_paths -f; return ;;
    esac
    if [[ $word == -* ]]; then
        case $command in
        vocab) _dsltm_words '-o --output --size --min-df --max-df --language --stopwords --phrases --teacher --preset --text-field --format --encoding --on-error -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        distill) _dsltm_words '-o --output --teacher --dtype --device --trust-remote-code --vocab --language --stopwords --prompt --instruction --prompt-file --preset --projection --size --min-df --phrases --max-tokens --batch-tokens --sample --sample-seed --unsure-of --vectors --shard --scratch --fresh --text-field --format --encoding --on-error --id-field --label-field --ray --workers --cpus-per-worker --gpus-per-worker --part-documents -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        merge) _dsltm_words '-o --output -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        train) _dsltm_words '-o --output -k --topics --seeds --seed-topics --semi --init --new --baseline --model --input --target --loss --temperature --preset --centre --smooth --guide --rounds --words-weight --copies --calibrate --target-top --target-share --weight --epochs --batch --learning-rate --momentum --second-momentum --scale --units --dropout --samples --sharpness --encoder --decoder --embeddings --embedding-size --patience --seed --device -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        merge-models) _dsltm_words '-o --output --table --seed -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        generate) _dsltm_words '-o --output -k --topics --rounds --sample --context-tokens --field --summaries --seed --language --stopwords --endpoint --model --key-env --max-requests --budget --timeout --teacher --dtype --device --trust-remote-code --text-field --format --encoding --on-error --id-field -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        ground) _dsltm_words '-o --output --labels --representatives --answers --expand --balance --temperature --teacher --dtype --device --trust-remote-code --text-field --format --encoding --on-error --id-field --label-field -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        attend) _dsltm_words '-o --output --labels --heads --layers --answer --most-heads --orders --calibrate --sample --temperature --max-tokens --seed --assignments --teacher --dtype --device --trust-remote-code --text-field --format --encoding --on-error --id-field --label-field -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        assign) _dsltm_words '-o --output --output-format --top --min-prob --words --keep --levels --npz --corpus --reader --budget --parts --vectors --teacher --dtype --device --trust-remote-code --batch-tokens --text-field --format --encoding --on-error --id-field --ray --workers --cpus-per-worker --gpus-per-worker --part-documents --fresh -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        topics) _dsltm_words '-o --output --output-format --words --relevance --diversify --sort --coherence --tree --levels --examples --borderline --by --every --effects --query --reader --corpus --html --title --layout --points --seed --names --label --labeler --labeler-model --merge --drop --text-field --format --encoding --on-error --id-field --label-field -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        drift) _dsltm_words '-o --output --output-format --fail-above -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        eval) _dsltm_words '-o --output --labels --gold --topics --assignments --top-words --vectors --reliability --reading --per-topic --word-vectors --reference --coherence-cache --windows --rater --rater-model --max-requests --rater-teacher --judge --judge-texts --judge-repeats --judge-budget --text-field --format --encoding --on-error --id-field --label-field -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        info) _dsltm_words '-o --output -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        prompts) _dsltm_words '-o --output -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        teachers) _dsltm_words '-o --output --check -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        config) _dsltm_words '-o --output -q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        help) _dsltm_words '-q --quiet -v --verbose --log-file --config --debug -h --help' ;;
        esac
        return
    fi
    case $command in
        vocab) _dsltm_paths -f ;;
        distill) _dsltm_paths -f ;;
        merge) _dsltm_paths -f ;;
        train) _dsltm_paths -f ;;
        merge-models) _dsltm_paths -f ;;
        generate) _dsltm_paths -f ;;
        ground) _dsltm_paths -f ;;
        attend) _dsltm_paths -f ;;
        assign) _dsltm_paths -f ;;
        topics) _dsltm_paths -f ;;
        drift) _dsltm_paths -f ;;
        eval) _dsltm_paths -f ;;
        info) _dsltm_paths -f ;;
        prompts) : ;;
        teachers) : ;;
        config) _dsltm_words 'vocab distill merge train merge-models generate ground attend assign topics drift eval info prompts teachers config help' ;;
        help) _dsltm_words 'vocab distill merge train merge-models generate ground attend assign topics drift eval info prompts teachers config help formats method paper python recipes results scaling steering' ;;
    esac
}
complete -F _dsltm dsltm
